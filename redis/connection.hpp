#pragma once

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "redis/channel_message.hpp"
#include "redis/client.hpp"
#include "redis/login_sequence.hpp"
#include "redis/url.hpp"

namespace waybill::redis {

/// One connection to Redis. Sends commands in order, and all commands of one
/// turn of the loop in one write.
class connection : public std::enable_shared_from_this<connection> {
public:
  using executor = boost::asio::io_context::executor_type;
  using timer = boost::asio::basic_waitable_timer<
    std::chrono::steady_clock,
    boost::asio::wait_traits<std::chrono::steady_clock>, executor>;

  /// Receives the events of a connection, from handlers of the connection.
  struct listener {
    virtual ~listener() = default;

    /// The connection is established and logged in.
    virtual void on_open() = 0;

    /// A command was replied to, or failed.
    virtual void on_reply(reply_handler then, caf::expected<reply> reply) = 0;

    /// A message on a channel arrived whole; in parts, it is passed to
    /// `on_push`. Only connections that subscribe get any.
    virtual void on_message(const channel_message&) {}

    /// Another reply arrived that belongs to no command.
    virtual void on_push(reply reply) = 0;

    /// The connection was lost. The last call, and none after `close`.
    virtual void on_lost(const std::string& reason) = 0;
  };

  /// @param owner must outlive the connection, or close it.
  connection(boost::asio::io_context& context, listener& owner);

  /// Connects, then logs in with AUTH, SELECT and ROLE as `url` requires, all
  /// within two seconds.
  /// @param wants_id reads the id of the connection, too.
  void open(const server_url& url, bool wants_id = false);

  /// Returns the CLIENT ID of this connection; 0 if unknown.
  uint64_t id() const noexcept { return login_.client_id(); }

  /// Sends a command, and passes its reply to `then`.
  void send(const command& command, reply_handler then);

  /// Sends a command that Redis confirms by pushes: SUBSCRIBE, UNSUBSCRIBE.
  void send(const command& command);

  /// Prepares to close a connection that has gone silent: what the network
  /// still holds back must not arrive after the commands of its successor.
  void discard_unacknowledged();

  /// Sends a command without waiting for its reply, if the socket takes it at
  /// once. To be called before `close`.
  void send_last(const command& command);

  /// Returns the number of bytes that wait to be sent.
  size_t unsent_bytes() const noexcept { return out_.size() + writing_.size(); }

  /// Returns whether bytes arrived since the last call.
  bool take_activity() noexcept { return std::exchange(active_, false); }

  /// Closes the connection, and fails all unanswered commands.
  void close();

private:
  using error_code = boost::system::error_code;
  using protocol = boost::asio::generic::stream_protocol;

  using socket = boost::asio::basic_stream_socket<protocol, executor>;

  void connect(std::vector<protocol::endpoint> endpoints);

  /// Starts the TLS handshake.
  void shake_hands();

  /// Authenticates, and checks that Redis accepts commands.
  void log_in();

  /// Handles the reply to a command of `log_in`.
  void on_login(const reply& reply);

  /// Calls `f` with the TLS stream or the socket.
  template <class F>
  void on_stream(F f) {
    if (tls_)
      f(*tls_);
    else
      f(socket_);
  }

  /// Schedules a write at the end of this turn of the loop.
  void flush();
  void write();
  void read();

  /// Handles the bytes read, and goes on reading while there are more: Redis
  /// disconnects subscribers that read too slowly.
  void on_read(size_t size);

  /// Parses bytes, and handles the replies and messages in them.
  /// @returns whether the connection is still open.
  bool handle(std::string_view bytes);
  void lose(const std::string& reason);

  /// Null once closed.
  listener* owner_;

  /// Set once logged in.
  bool open_ = false;
  server_url url_;
  login_sequence login_;
  socket socket_;
  std::optional<boost::asio::ssl::stream<socket&>> tls_;
  boost::asio::ip::basic_resolver<boost::asio::ip::tcp, executor> resolver_;
  timer deadline_;
  reply_reader reader_;
  std::array<char, 64 * 1024> in_;
  bool active_ = false;

  /// Bytes of commands: those queued, and those being written.
  std::string out_;
  std::string writing_;
  bool flushing_ = false;

  /// Handlers of unanswered commands, the oldest first. The first `sent_` may
  /// have been sent in part; the others certainly have not.
  std::deque<reply_handler> waiting_;
  size_t sent_ = 0;
};

} // namespace waybill::redis
