#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "test/bench/sockets.hpp"

namespace waybill::bench {

/// The nodes that are loaded, and the peculiarities of their router.
struct options {
  std::vector<std::uint16_t> ports;
  std::string session_path = "/websocket/";
  std::string push_path = "/socket/";
  std::string broadcast_target = "/broadcast";
  std::string hello;
  unsigned greetings = 1;
  bool is_local = false;
  std::uint16_t redis_port = 0;
  std::string channel;
  std::string query;
  std::size_t size = 100;
};

/// Ends the program: the router does what it must not, or the request makes no
/// sense.
[[noreturn]] void fail(const std::string& message) {
  std::fprintf(stderr, "waybill_load: %s\n", message.c_str());
  std::exit(1);
}

/// A client's WebSocket.
class websocket : public connection {
public:
  websocket(const options& opts, std::uint16_t port, const std::string& id)
      : connection(connect_to(port)), opts_(opts), port_(port),
        greetings_(opts.greetings) {
    send("GET " + opts.session_path + id
         + " HTTP/1.1\r\nHost: waybill\r\nConnection: Upgrade\r\nUpgrade: "
           "websocket\r\n"
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
           "AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
  }

  std::uint16_t port() const { return port_; }

protected:
  /// Handles that the router has the session.
  virtual void on_greeting() = 0;

  /// Handles a text frame behind the greeting.
  virtual void on_text(std::string_view payload) = 0;

  /// Handles the end of the WebSocket.
  virtual void on_end() = 0;

  bool on_input(std::string& input, bool is_open) final {
    if (!is_upgraded_ && !take_response(input) && is_open)
      return true;
    std::string_view rest = input;
    for (;;) {
      auto [code, payload, size] = first_frame(rest);
      if (!size)
        break;
      rest.remove_prefix(size);
      if (code == op_close)
        is_open = false;
      else if (code == op_ping)
        send(make_frame(op_pong, payload, true));
      else if (code != op_text)
        fail("a frame of another kind than text");
      else if (!greetings_)
        on_text(payload);
      else if (--greetings_ == 0)
        on_greeting();
    }
    input.erase(0, input.size() - rest.size());
    if (!is_open)
      on_end();
    return is_open;
  }

private:
  /// Returns whether the response to the upgrade is there.
  bool take_response(std::string& input) {
    auto end = input.find("\r\n\r\n");
    if (end == std::string::npos)
      return false;
    if (!input.starts_with("HTTP/1.1 101 "))
      fail("an upgrade was refused: " + input);
    input.erase(0, end + 4);
    is_upgraded_ = true;
    if (!opts_.hello.empty())
      send(make_frame(op_text, opts_.hello, true));
    if (!greetings_)
      on_greeting();
    return true;
  }

  const options& opts_;
  std::uint16_t port_;
  unsigned greetings_;
  bool is_upgraded_ = false;
};

/// Takes the texts that come to sessions.
class text_receiver {
public:
  virtual void on_text(std::size_t session, std::string_view payload) = 0;

protected:
  ~text_receiver() = default;
};

/// A session that stays.
class session : public websocket {
public:
  session(const options& opts, std::uint16_t port, std::size_t index,
          text_receiver*& receiver, std::size_t& greeted)
      : websocket(opts, port, std::to_string(index)), index_(index),
        receiver_(receiver), greeted_(greeted) {}

protected:
  void on_greeting() override { ++greeted_; }

  void on_text(std::string_view payload) override {
    if (!receiver_)
      fail("a frame that nobody awaits: " + std::string(payload));
    receiver_->on_text(index_, payload);
  }

  void on_end() override { fail("a session ended"); }

private:
  std::size_t index_;
  text_receiver*& receiver_;
  std::size_t& greeted_;
};

} // namespace waybill::bench
