// The router of router.mjs in Go: each node has a map of its sessions, and reads all of one
// channel. A session has a goroutine that writes its frames, one after the other.
//
//	router REDIS_PORT
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/gomodule/redigo/redis"
	"github.com/gorilla/websocket"
)

const channel = "go-router"

// The number of frames that wait for a client before it is closed.
const queueSize = 256

type message struct{ KEY, VALUE string }

type session struct {
	socket *websocket.Conn
	queue  chan []byte
}

type router struct {
	publishers *redis.Pool
	upgrader   websocket.Upgrader
	mutex      sync.RWMutex
	sessions   map[string]map[*session]bool
}

func (r *router) open(w http.ResponseWriter, request *http.Request) {
	id := strings.TrimPrefix(request.URL.Path, "/websocket/")
	socket, err := r.upgrader.Upgrade(w, request, nil)
	if err != nil {
		return
	}
	s := &session{socket, make(chan []byte, queueSize)}
	s.queue <- []byte("连接成功!")
	r.mutex.Lock()
	if r.sessions[id] == nil {
		r.sessions[id] = map[*session]bool{}
	}
	r.sessions[id][s] = true
	r.mutex.Unlock()
	go s.write()
	for {
		if _, _, err := socket.NextReader(); err != nil {
			break
		}
	}
	r.mutex.Lock()
	delete(r.sessions[id], s)
	if len(r.sessions[id]) == 0 {
		delete(r.sessions, id)
	}
	r.mutex.Unlock()
	close(s.queue)
	socket.Close()
}

func (s *session) write() {
	for text := range s.queue {
		if s.socket.WriteMessage(websocket.TextMessage, text) != nil {
			s.socket.Close()
		}
	}
}

func (r *router) push(w http.ResponseWriter, request *http.Request) {
	text, err := io.ReadAll(request.Body)
	id := strings.TrimPrefix(request.URL.Path, "/socket/")
	if err != nil || request.Method != http.MethodPost {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	data, _ := json.Marshal(message{id, string(text)})
	publisher := r.publishers.Get()
	defer publisher.Close()
	nodes, err := redis.Int(publisher.Do("PUBLISH", channel, data))
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"nodes":%d}`, nodes)
}

func (r *router) deliver(data []byte) {
	var m message
	if json.Unmarshal(data, &m) != nil {
		return
	}
	text := []byte(m.VALUE)
	r.mutex.RLock()
	defer r.mutex.RUnlock()
	// The id "all" stands for everyone.
	if m.KEY != "all" {
		sendTo(r.sessions[m.KEY], text)
		return
	}
	for _, same := range r.sessions {
		sendTo(same, text)
	}
}

func sendTo(sessions map[*session]bool, text []byte) {
	for s := range sessions {
		select {
		case s.queue <- text:
		default:
			s.socket.Close()
		}
	}
}

func main() {
	dial := func() (redis.Conn, error) { return redis.Dial("tcp", "127.0.0.1:"+os.Args[1]) }
	r := &router{
		publishers: &redis.Pool{Dial: dial, MaxIdle: 64},
		sessions:   map[string]map[*session]bool{},
	}
	connection, err := dial()
	if err != nil {
		log.Fatal(err)
	}
	subscriber := redis.PubSubConn{Conn: connection}
	if err := subscriber.Subscribe(channel); err != nil {
		log.Fatal(err)
	}
	subscriber.Receive()
	go func() {
		for {
			switch m := subscriber.Receive().(type) {
			case redis.Message:
				r.deliver(m.Data)
			case error:
				log.Fatal(m)
			}
		}
	}()
	http.HandleFunc("/websocket/", r.open)
	http.HandleFunc("/socket/", r.push)
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
