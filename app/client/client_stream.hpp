#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/system/error_code.hpp>

namespace waybill::app {

/// A connection to a node, with or without TLS: an `AsyncStream` of Boost.Beast
/// that hides which, so that HTTP and WebSockets are compiled for one stream.
class client_stream {
public:
  using executor_type = boost::asio::any_io_executor;
  using error_code = boost::system::error_code;
  using io_handler = std::function<void(error_code, size_t)>;

  /// The stream below.
  struct transport {
    virtual ~transport() = default;
    virtual executor_type executor() = 0;
    virtual void read(std::vector<boost::asio::mutable_buffer> buffers,
                      io_handler handler)
      = 0;
    virtual void write(std::vector<boost::asio::const_buffer> buffers,
                       io_handler handler)
      = 0;

    /// Limits how long what is started next may take; zero for no limit.
    virtual void limit(std::chrono::milliseconds time) = 0;

    virtual void close() = 0;

    /// Ends the connection, with TLS by a close_notify.
    virtual void shutdown(std::function<void(error_code)> handler) = 0;
  };

  explicit client_stream(std::unique_ptr<transport> lower)
      : lower_(std::move(lower)) {
    // nop
  }

  executor_type get_executor() { return lower_->executor(); }

  /// Limits how long each operation that is started from now on may take.
  void expires_after(std::chrono::milliseconds time) { lower_->limit(time); }

  void expires_never() { lower_->limit(std::chrono::milliseconds{0}); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, size_t)>(
      [this](auto handler, auto sequence) {
        lower_->read(std::move(sequence), shared(std::move(handler)));
      },
      token, sequence_of<boost::asio::mutable_buffer>(buffers));
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, size_t)>(
      [this](auto handler, auto sequence) {
        lower_->write(std::move(sequence), shared(std::move(handler)));
      },
      token, sequence_of<boost::asio::const_buffer>(buffers));
  }

  // Beast calls these two to end the stream of a WebSocket.

  friend void beast_close_socket(client_stream& stream) {
    stream.lower_->close();
  }

  template <class Handler>
  friend void async_teardown(boost::beast::role_type, client_stream& stream,
                             Handler&& handler) {
    stream.lower_->shutdown(
      [handler = std::make_shared<std::decay_t<Handler>>(
         std::forward<Handler>(handler))](error_code ec) { (*handler)(ec); });
  }

private:
  /// Makes a handler copyable.
  template <class Handler>
  static io_handler shared(Handler handler) {
    return [handler = std::make_shared<Handler>(std::move(handler))](
             error_code ec, size_t size) { std::move (*handler)(ec, size); };
  }

  template <class Buffer, class Buffers>
  static std::vector<Buffer> sequence_of(const Buffers& buffers) {
    return {boost::asio::buffer_sequence_begin(buffers),
            boost::asio::buffer_sequence_end(buffers)};
  }

  std::unique_ptr<transport> lower_;
};

} // namespace waybill::app
