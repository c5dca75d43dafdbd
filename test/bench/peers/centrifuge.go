// A router of the library centrifuge, with its broker for Redis: each session is subscribed
// to the channel of its id and to that of everyone.
//
//	centrifuge REDIS_PORT
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/centrifugal/centrifuge"
)

const everyone = "everyone"

// The name of a session, as the context of its upgrade has it.
type idKey struct{}

func channelOf(id string) string { return "id:" + id }

func start(redisPort string) (*centrifuge.Node, error) {
	node, err := centrifuge.New(centrifuge.DefaultConfig)
	if err != nil {
		return nil, err
	}
	node.OnConnecting(func(ctx context.Context, _ centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		id := ctx.Value(idKey{}).(string)
		return centrifuge.ConnectReply{
			Credentials: &centrifuge.Credentials{UserID: id},
			Subscriptions: map[string]centrifuge.SubscribeOptions{
				channelOf(id): {},
				everyone:      {},
			},
		}, nil
	})
	node.OnConnect(func(*centrifuge.Client) {})
	shard, err := centrifuge.NewRedisShard(node, centrifuge.RedisShardConfig{Address: "127.0.0.1:" + redisPort})
	if err != nil {
		return nil, err
	}
	broker, err := centrifuge.NewRedisBroker(node, centrifuge.RedisBrokerConfig{
		Shards: []*centrifuge.RedisShard{shard},
	})
	if err != nil {
		return nil, err
	}
	node.SetBroker(broker)
	return node, node.Run()
}

// Returns the handler of a push, which goes to the channel of its target.
func push(node *centrifuge.Node, channel func(*http.Request) string) http.HandlerFunc {
	return func(w http.ResponseWriter, request *http.Request) {
		text, err := io.ReadAll(request.Body)
		if err != nil || request.Method != http.MethodPost {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		data, _ := json.Marshal(string(text))
		if _, err := node.Publish(channel(request), data); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, "{}")
	}
}

func main() {
	node, err := start(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	sessions := centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{})
	http.HandleFunc("/websocket/", func(w http.ResponseWriter, request *http.Request) {
		id := strings.TrimPrefix(request.URL.Path, "/websocket/")
		sessions.ServeHTTP(w, request.WithContext(context.WithValue(request.Context(), idKey{}, id)))
	})
	http.HandleFunc("/socket/", push(node, func(request *http.Request) string {
		return channelOf(strings.TrimPrefix(request.URL.Path, "/socket/"))
	}))
	http.HandleFunc("/broadcast", push(node, func(*http.Request) string { return everyone }))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	go func() { log.Fatal(http.Serve(listener, nil)) }()
	fmt.Printf("ready: %d\n", listener.Addr().(*net.TCPAddr).Port)
	<-end
}
