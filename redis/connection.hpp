#pragma once

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "redis/client.hpp"
#include "redis/url.hpp"

namespace waybill::redis {

/// One connection to Redis: commands go out in order, and as many as one turn
/// of the loop produced go in one write.
class connection : public std::enable_shared_from_this<connection> {
public:
  using executor = boost::asio::io_context::executor_type;
  using timer = boost::asio::basic_waitable_timer<
    std::chrono::steady_clock,
    boost::asio::wait_traits<std::chrono::steady_clock>, executor>;

  /// What a connection tells its owner. It calls from handlers of its own.
  struct listener {
    virtual ~listener() = default;

    /// Connected, and logged in.
    virtual void on_open() = 0;

    /// A reply to a command came, or an error in its place.
    virtual void on_reply(reply_handler then, caf::expected<reply> reply) = 0;

    /// Something came that no command asked for: a message on a channel.
    virtual void on_push(reply reply) = 0;

    /// The connection is closed. Comes last, and not after `close`.
    virtual void on_lost(const std::string& reason) = 0;
  };

  /// @param owner outlives the connection, or closes it.
  connection(boost::asio::io_context& context, listener& owner);

  /// Connects, then logs in with AUTH, SELECT and ROLE, as far as `where` asks
  /// for them, and asks for its id if that is wanted, all within two seconds.
  void open(const server_url& url, bool wants_id = false);

  /// Returns what Redis calls this connection (CLIENT ID), or 0 if it does not
  /// say.
  uint64_t id() const noexcept { return id_; }

  /// Sends a command whose reply `then` gets.
  void send(const command& command, reply_handler then);

  /// Sends a command that Redis answers with pushes: SUBSCRIBE, UNSUBSCRIBE.
  void send(const command& command);

  /// Sends a command whose reply nobody will read, if that can be done at once:
  /// the connection is about to be closed.
  void send_last(const command& command);

  /// Returns how many bytes wait to be sent.
  size_t unsent_bytes() const noexcept { return out_.size() + writing_.size(); }

  /// Closes the connection, and answers all commands that have no reply.
  void close();

private:
  using error_code = boost::system::error_code;
  using protocol = boost::asio::generic::stream_protocol;

  using socket = boost::asio::basic_stream_socket<protocol, executor>;

  void connect(std::vector<protocol::endpoint> endpoints);

  /// Begins TLS.
  void shake_hands();

  /// Says who we are, and finds out whether Redis takes commands.
  void log_in();

  /// Takes the reply to a command of `log_in`.
  void on_login(const command& step, const reply& reply, bool is_last);

  /// Calls `f` with what carries bytes to Redis and back.
  template <class F>
  void on_stream(F f) {
    if (tls_)
      f(*tls_);
    else
      f(socket_);
  }

  /// Writes what is to be sent, once this turn of the loop is over.
  void flush();
  void write();
  void read();

  /// Handles what was read, and what else is there, in large pieces: who is
  /// slower than Redis is cut off by it.
  void on_read(size_t size);

  /// Handles replies and messages.
  /// @returns whether the connection is still open.
  bool handle(std::string_view bytes);
  void lose(const std::string& reason);

  /// Null once the connection is closed.
  listener* owner_;

  /// Set once logged in.
  bool open_ = false;
  bool wants_id_ = false;
  uint64_t id_ = 0;
  server_url url_;
  socket socket_;
  std::optional<boost::asio::ssl::stream<socket&>> tls_;
  boost::asio::ip::basic_resolver<boost::asio::ip::tcp, executor> resolver_;
  timer deadline_;
  reply_reader reader_;
  std::array<char, 64 * 1024> in_;

  /// Bytes of commands, and those of them that are being written.
  std::string out_;
  std::string writing_;
  bool flushing_ = false;

  /// Who waits for replies, the oldest command first; of the first `sent_` some
  /// bytes may have left, of the others surely none.
  std::deque<reply_handler> waiting_;
  size_t sent_ = 0;
};

} // namespace waybill::redis
