// The least that a router on Redis can do, in system calls and little else, for
// compare.py to measure Waybill beside. Each id is a channel of its own.
// Nothing is validated, limited or counted, nothing is kept or repeated, and a
// client sends nothing but its close frame.
//
//   waybill_bare REDIS_PORT

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <vector>

#include <hiredis/hiredis.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "test/bench/sockets.hpp"

namespace {

using namespace waybill::bench;

// The channel of an id is this and the id. Without one it is that of everyone,
// and the open channel is that of messages {"KEY":"id","VALUE":"payload"}.
const std::string id_channel = "bare:";
const std::string open_channel = "bare";

/// A connection to Redis, whose commands leave together at the end of a turn.
class redis_link : public connection {
public:
  using handler = std::function<void(const redisReply&)>;

  redis_link(std::uint16_t port, handler on_reply)
      : connection(connect_to(port)), on_reply_(std::move(on_reply)) {}

  ~redis_link() override { redisReaderFree(reader_); }

  /// Adds a command to those of this turn.
  void add(std::initializer_list<std::string_view> words) {
    commands_ += "*" + std::to_string(words.size()) + "\r\n";
    for (auto word : words)
      commands_.append("$" + std::to_string(word.size()) + "\r\n")
        .append(word)
        .append("\r\n");
  }

  /// Ends a turn.
  void flush() {
    if (!commands_.empty())
      send(commands_);
    commands_.clear();
  }

protected:
  bool on_input(std::string& input, bool is_open) override {
    redisReaderFeed(reader_, input.data(), input.size());
    input.clear();
    void* reply = nullptr;
    while (redisReaderGetReply(reader_, &reply) == REDIS_OK && reply) {
      on_reply_(*static_cast<redisReply*>(reply));
      freeReplyObject(reply);
    }
    if (!is_open || reader_->err) {
      std::fprintf(stderr, "Redis is lost\n");
      std::exit(1);
    }
    return true;
  }

private:
  handler on_reply_;
  redisReader* reader_ = redisReaderCreate();
  std::string commands_;
};

class client;

/// The sessions of a node, and its links to Redis.
class router {
public:
  explicit router(std::uint16_t redis_port)
      : subscriber_(loop_.add(std::make_unique<redis_link>(
        redis_port, [this](const redisReply& reply) { on_message(reply); }))),
        publisher_(loop_.add(std::make_unique<redis_link>(
          redis_port,
          [this](const redisReply& reply) { on_published(reply); }))) {
    subscriber_.add({"SUBSCRIBE", open_channel, id_channel});
  }

  void run() {
    for (;;) {
      subscriber_.flush();
      publisher_.flush();
      loop_.turn(-1);
    }
  }

  event_loop& loop() { return loop_; }

  /// Adds a session, which is greeted when Redis has confirmed its channel.
  void join(client& session);

  void leave(client& session);

  /// Publishes for a client, which is told the number of nodes.
  void publish(const std::shared_ptr<client*>& pusher, std::string_view id,
               std::string_view payload) {
    publisher_.add({"PUBLISH", id_channel + std::string(id), payload});
    pushers_.push_back(pusher);
  }

private:
  void on_message(const redisReply& reply);
  void on_published(const redisReply& reply);
  void deliver(std::string_view id, std::string_view payload);

  event_loop loop_;
  redis_link& subscriber_;
  redis_link& publisher_;
  std::unordered_map<std::string, std::vector<client*>> sessions_;
  // Of commands that Redis has not answered. The pointer is null when its
  // client has gone.
  std::deque<std::shared_ptr<client*>> pushers_;
};

/// A connection that pushes, or is a session after its upgrade.
class client : public connection {
public:
  client(int descriptor, router& router)
      : connection(descriptor), router_(router) {}

  ~client() override {
    *self_ = nullptr;
    if (is_session())
      router_.leave(*this);
  }

  const std::string& id() const { return id_; }

  bool is_greeted = false;

protected:
  bool on_input(std::string& input, bool) override {
    while (!is_session() && take_request(input))
      ;
    while (is_session()) {
      auto [code, payload, size] = first_frame(input);
      if (!size)
        break;
      if (code == op_close) {
        send(make_frame(op_close, {}, false));
        return false;
      }
      input.erase(0, size);
    }
    return true;
  }

private:
  bool is_session() const { return !id_.empty(); }

  /// Handles a request if it is there as a whole.
  bool take_request(std::string& input) {
    auto end = input.find("\r\n\r\n");
    if (end == std::string::npos)
      return false;
    auto head = std::string_view(input).substr(0, end);
    auto target = head.substr(head.find(' ') + 1);
    target = target.substr(0, target.find(' '));
    if (target.starts_with("/websocket/")) {
      upgrade(target.substr(11), value_of(head, "\r\nSec-WebSocket-Key: "));
      input.erase(0, end + 4);
      return true;
    }
    auto size = std::strtoul(value_of(head, "\r\nContent-Length: ").data(),
                             nullptr, 10);
    if (input.size() < end + 4 + size)
      return false;
    router_.publish(self_, target == "/broadcast" ? "" : target.substr(8),
                    std::string_view(input).substr(end + 4, size));
    input.erase(0, end + 4 + size);
    return true;
  }

  void upgrade(std::string_view id, std::string_view key) {
    auto text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    unsigned char hash[SHA_DIGEST_LENGTH];
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         hash);
    char accept[32];
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(accept), hash,
                    sizeof hash);
    send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: "
         "websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: "
         + std::string(accept) + "\r\n\r\n");
    id_ = id;
    router_.join(*this);
  }

  static std::string_view value_of(std::string_view head,
                                   std::string_view name) {
    auto begin = head.find(name);
    if (begin == std::string_view::npos)
      return "0";
    head.remove_prefix(begin + name.size());
    return head.substr(0, head.find('\r'));
  }

  router& router_;
  std::string id_;
  std::shared_ptr<client*> self_ = std::make_shared<client*>(this);
};

void router::join(client& session) {
  sessions_[session.id()].push_back(&session);
  subscriber_.add({"SUBSCRIBE", id_channel + session.id()});
}

void router::leave(client& session) {
  auto found = sessions_.find(session.id());
  std::erase(found->second, &session);
  if (!found->second.empty())
    return;
  sessions_.erase(found);
  subscriber_.add({"UNSUBSCRIBE", id_channel + session.id()});
}

void router::on_message(const redisReply& reply) {
  auto part = [&reply](std::size_t i) {
    return std::string_view(reply.element[i]->str, reply.element[i]->len);
  };
  auto channel = part(1);
  auto id = channel == open_channel ? "" : channel.substr(id_channel.size());
  if (part(0) == "subscribe") {
    auto found = sessions_.find(std::string(id));
    if (found == sessions_.end())
      return;
    for (auto* session : found->second)
      if (!std::exchange(session->is_greeted, true))
        session->send(make_frame(op_text, "connected", false));
  } else if (part(0) == "message" && channel != open_channel) {
    deliver(id, part(2));
  } else if (part(0) == "message") {
    constexpr std::string_view middle = "\",\"VALUE\":\"";
    auto message = part(2).substr(8);
    auto end = message.find(middle);
    auto payload = message.substr(end + middle.size());
    deliver(message.substr(0, end), payload.substr(0, payload.size() - 2));
  }
}

void router::deliver(std::string_view id, std::string_view payload) {
  auto bytes = make_frame(op_text, payload, false);
  if (id.empty()) {
    for (auto& [_, sessions] : sessions_)
      for (auto* session : sessions)
        session->send(bytes);
  } else if (auto found = sessions_.find(std::string(id));
             found != sessions_.end()) {
    for (auto* session : found->second)
      session->send(bytes);
  }
}

void router::on_published(const redisReply& reply) {
  auto pusher = std::move(pushers_.front());
  pushers_.pop_front();
  if (!*pusher)
    return;
  auto body = "{\"nodes\":" + std::to_string(reply.integer) + "}";
  (*pusher)->send("HTTP/1.1 "
                  + std::string(reply.integer ? "200 OK" : "404 Not Found")
                  + "\r\nContent-Type: application/json\r\nContent-Length: "
                  + std::to_string(body.size()) + "\r\n\r\n" + body);
}

/// A port, any free one.
class listener : public watched {
public:
  explicit listener(router& router) : watched(make_socket()), router_(router) {
    auto address = loopback(0);
    socklen_t size = sizeof address;
    if (bind(descriptor(), reinterpret_cast<sockaddr*>(&address), size)
        || listen(descriptor(), SOMAXCONN)
        || getsockname(descriptor(), reinterpret_cast<sockaddr*>(&address),
                       &size)) {
      std::perror("listen");
      std::exit(1);
    }
    std::printf("ready: %d\n", ntohs(address.sin_port));
    std::fflush(stdout);
  }

  bool on_event(std::uint32_t) override {
    for (int peer; (peer = accept4(descriptor(), nullptr, nullptr,
                                   SOCK_NONBLOCK | SOCK_CLOEXEC))
                   >= 0;)
      router_.loop().add(std::make_unique<client>(peer, router_));
    return true;
  }

private:
  router& router_;
};

} // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: waybill_bare REDIS_PORT\n");
    return 2;
  }
  std::signal(SIGTERM, [](int) { std::_Exit(0); });
  router node{static_cast<std::uint16_t>(std::atoi(argv[1]))};
  node.loop().add(std::make_unique<listener>(node));
  node.run();
}
