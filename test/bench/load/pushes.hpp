#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "test/bench/load/session.hpp"
#include "test/bench/load/workload.hpp"

namespace waybill::bench {

// The number of lines of a batch.
constexpr std::size_t batch_size = 64;

constexpr std::string_view text_mark = "push-";

/// The push of a pusher, which makes one after the other.
struct push {
  static constexpr auto everyone = static_cast<std::size_t>(-1);

  std::string text;
  std::size_t session = 0;
  std::size_t awaited = 0;
  bool is_answered = true;
  clock::time_point begin;
};

/// Pushes, each of which is over when it is answered and has come to all its
/// sessions.
class pushes : public workload, public text_receiver {
public:
  pushes(event_loop& loop, const options& opts,
         std::chrono::duration<double> time, std::size_t pushers,
         const std::vector<session*>& sessions)
      : workload(loop, time), text_size_(opts.size), pushes_(pushers),
        sessions_(sessions) {}

  void on_text(std::size_t session, std::string_view payload) override {
    // A router may put several messages into one frame.
    std::size_t begin = 0;
    std::size_t count = 0;
    for (; (begin = payload.find(text_mark, begin)) != std::string_view::npos;
         begin += text_size_) {
      on_push(session, payload.substr(begin, text_size_));
      ++count;
    }
    if (!count)
      fail("a frame without a push: " + std::string(payload));
  }

  void on_answer(std::size_t pusher) {
    pushes_[pusher].is_answered = true;
    finish_push(pusher);
  }

protected:
  /// Sends a push to its target, and sets the sessions that it is for.
  virtual void send(std::size_t pusher, push& x) = 0;

  std::size_t random_session() { return distribution_(random_); }

  const std::vector<session*>& sessions() const { return sessions_; }

private:
  bool begin(std::size_t pusher) override {
    auto& x = pushes_[pusher];
    char head[32];
    std::snprintf(head, sizeof head, "push-%05zu-%012zu", pusher, ++made_);
    x.text = head;
    x.text.resize(text_size_, '.');
    x.begin = clock::now();
    send(pusher, x);
    return true;
  }

  void on_push(std::size_t session, std::string_view text) {
    auto pusher = std::strtoul(text.data() + text_mark.size(), nullptr, 10);
    if (pusher >= pushes_.size() || pushes_[pusher].text != text
        || !pushes_[pusher].awaited)
      fail("a frame that nobody awaits: " + std::string(text));
    auto& x = pushes_[pusher];
    if (x.session != session && x.session != push::everyone)
      fail("a frame came to another session");
    note_frame();
    if (--x.awaited)
      return;
    note_latency(x.begin);
    finish_push(pusher);
  }

  void finish_push(std::size_t pusher) {
    if (pushes_[pusher].is_answered && !pushes_[pusher].awaited)
      finish(pusher);
  }

  std::size_t text_size_;
  std::vector<push> pushes_;
  const std::vector<session*>& sessions_;
  std::size_t made_ = 0;
  std::minstd_rand random_{std::random_device{}()};
  std::uniform_int_distribution<std::size_t> distribution_{0, sessions_.size()
                                                                - 1};
};

/// A connection of a pusher to a node.
class http_connection : public connection {
public:
  http_connection(std::uint16_t port, pushes& work, std::size_t pusher)
      : connection(connect_to(port)), work_(work), pusher_(pusher) {}

protected:
  bool on_input(std::string& input, bool is_open) override {
    if (!is_open)
      fail("a node closed the connection of a pusher");
    auto end = input.find("\r\n\r\n");
    if (end == std::string::npos)
      return true;
    if (!input.starts_with("HTTP/1.1 20"))
      fail("a push was refused: " + input);
    auto* length = strcasestr(input.c_str(), "\r\nContent-Length: ");
    if (input.size()
        < end + 4 + (length ? std::strtoul(length + 18, nullptr, 10) : 0))
      return true;
    input.clear();
    work_.on_answer(pusher_);
    return true;
  }

private:
  pushes& work_;
  std::size_t pusher_;
};

/// Pushes by HTTP, over a connection of each pusher to each port.
class http_pushes : public pushes {
public:
  /// The sessions of a push: one, all, or one for each line of a batch, which
  /// has the same text in all lines.
  enum class target { session, everyone, batch };

  http_pushes(event_loop& loop, const options& opts,
              std::chrono::duration<double> time, std::size_t pushers,
              const std::vector<session*>& sessions, target kind)
      : pushes(loop, opts, time, pushers, sessions), loop_(loop), opts_(opts),
        kind_(kind), next_ports_(pushers) {
    for (std::size_t i = 0; i < pushers; ++i) {
      // Pushers begin at different nodes.
      next_ports_[i] = i;
      for (auto port : opts.ports)
        connections_.push_back(
          &loop.add(std::make_unique<http_connection>(port, *this, i)));
    }
    for (auto port : opts.ports)
      audiences_.push_back(std::ranges::count_if(
        sessions, [=, this](const session* x) { return reaches(port, *x); }));
  }

  ~http_pushes() override {
    for (auto* x : connections_)
      loop_.remove(*x);
  }

protected:
  void send(std::size_t pusher, push& x) override {
    x.is_answered = false;
    auto port = next_ports_[pusher]++ % opts_.ports.size();
    std::string path = opts_.broadcast_target;
    std::string body = x.text;
    if (kind_ == target::session) {
      x.session = random_session();
      x.awaited = 1;
      path = opts_.push_path + std::to_string(x.session) + opts_.query;
      if (opts_.is_local)
        port = std::ranges::find(opts_.ports, sessions()[x.session]->port())
               - opts_.ports.begin();
    } else {
      x.session = push::everyone;
      x.awaited = audiences_[port];
    }
    if (kind_ == target::batch) {
      x.awaited = batch_size;
      path = "/push" + opts_.query;
      body = make_lines(x.text);
    }
    connections_[pusher * opts_.ports.size() + port]->send(
      "POST " + path + " HTTP/1.1\r\nHost: waybill\r\nContent-Length: "
      + std::to_string(body.size()) + "\r\n\r\n" + body);
  }

private:
  /// Makes the lines of a batch to random sessions.
  std::string make_lines(const std::string& text) {
    std::string result;
    for (std::size_t i = 0; i < batch_size; ++i)
      result += R"({"to":")" + std::to_string(random_session())
                + R"(","message":")" + text + "\"}\n";
    return result;
  }

  bool reaches(std::uint16_t port, const session& x) const {
    return !opts_.is_local || x.port() == port;
  }

  event_loop& loop_;
  const options& opts_;
  target kind_;
  std::vector<std::size_t> next_ports_;
  std::vector<http_connection*> connections_;
  std::vector<std::size_t> audiences_;
};

/// A connection to Redis, on which pushers publish.
class redis_connection : public connection {
public:
  explicit redis_connection(std::uint16_t port)
      : connection(connect_to(port)) {}

protected:
  bool on_input(std::string& input, bool is_open) override {
    if (!is_open || input.starts_with('-')
        || input.find("\r\n-") != std::string::npos)
      fail("Redis refused a push: " + input);
    auto end = input.rfind("\r\n");
    input.erase(0, end == std::string::npos ? 0 : end + 2);
    return true;
  }
};

/// Pushes by Redis, which are not answered: all that it does is to pass them
/// on.
class redis_pushes : public pushes {
public:
  redis_pushes(event_loop& loop, const options& opts,
               std::chrono::duration<double> time, std::size_t pushers,
               const std::vector<session*>& sessions)
      : pushes(loop, opts, time, pushers, sessions), loop_(loop), opts_(opts),
        connection_(
          loop.add(std::make_unique<redis_connection>(opts.redis_port))) {}

  ~redis_pushes() override { loop_.remove(connection_); }

protected:
  void send(std::size_t, push& x) override {
    x.session = random_session();
    x.awaited = 1;
    auto message = R"({"KEY":")" + std::to_string(x.session) + R"(","VALUE":")"
                   + x.text + R"("})";
    commands_ += "*3\r\n$7\r\nPUBLISH\r\n$"
                 + std::to_string(opts_.channel.size()) + "\r\n" + opts_.channel
                 + "\r\n$" + std::to_string(message.size()) + "\r\n" + message
                 + "\r\n";
  }

  void end_turn() override {
    if (!commands_.empty())
      connection_.send(commands_);
    commands_.clear();
  }

private:
  event_loop& loop_;
  const options& opts_;
  redis_connection& connection_;
  std::string commands_;
};

} // namespace waybill::bench
