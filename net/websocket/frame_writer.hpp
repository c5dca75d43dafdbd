#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <sys/socket.h>

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/stream_traits.hpp>

#include "net/stream.hpp"
#include "net/websocket/frame_head.hpp"
#include "net/websocket/ping_frame.hpp"

namespace waybill::net {

/// The only writer of a stream that carries a WebSocket: writes each frame
/// whole before the next.
///
/// The session has at most one message in flight. Control frames that come
/// meanwhile wait together, behind it. So an idle writer holds no memory.
template <class Stream>
class frame_writer {
public:
  using error_code = boost::system::error_code;

  /// @param stream must outlive this.
  explicit frame_writer(Stream& stream) : stream_(stream) {
    // Asio would make `write_some` wait for the peer otherwise.
    error_code ignored;
    if constexpr (requires { stream.non_blocking(true, ignored); })
      if (!stream.non_blocking())
        stream.non_blocking(true, ignored);
  }

  frame_writer(const frame_writer&) = delete;

  /// Makes each asynchronous write keep `owner` alive, which holds this.
  /// @param on_controls is called when control frames that had to wait are
  ///                    written, or have failed.
  void start(std::weak_ptr<const void> owner,
             std::function<void(error_code)> on_controls) {
    owner_ = std::move(owner);
    on_controls_ = std::move(on_controls);
  }

  /// Writes a message, and `ping` behind it, as one write.
  /// @returns whether the stream has taken it. If not, calls
  ///          `on_written(error_code)` when it has, or has failed.
  /// @pre no other message is in flight.
  template <class Handler>
  bool write(const frame_head& head, const payload& message,
             const ping_frame& ping, Handler on_written) {
    head_ = head;
    ping_ = ping;
    buffers rest{buffer_of(head_.bytes()), buffer_of(message.bytes()),
                 buffer_of(ping_.bytes())};
    if (!is_writing_ && write_some(rest))
      return true;
    // The lambda keeps the message, whose bytes the buffers refer to.
    auto on_end = [message, on_written = std::move(on_written)](
                    error_code ec) mutable { on_written(ec); };
    if (is_writing_)
      waiting_ = [this, rest, on_end] { start_write(rest, on_end); };
    else
      start_write(rest, std::move(on_end));
    return false;
  }

  /// Writes control frames, or the response that precedes all frames.
  /// @param has_more tells that a frame follows soon. The kernel sends both in
  ///                 one packet then, or these bytes alone after 200 ms
  ///                 (MSG_MORE in send(2)).
  /// @returns whether the stream has taken them. If not, `has_controls` until
  ///          it has.
  bool write(std::string_view bytes, bool has_more = false) {
    buffers rest{buffer_of(bytes)};
    if (!is_writing_ && write_some(rest, has_more ? MSG_MORE : 0))
      return true;
    controls_.append(static_cast<const char*>(rest[0].data()), rest[0].size());
    write_next();
    return false;
  }

  /// Tells whether control frames wait to be written.
  bool has_controls() const noexcept {
    return writes_controls_ || !controls_.empty();
  }

private:
  /// The unwritten part of a header, of a message and of a ping.
  using buffers = std::array<boost::asio::const_buffer, 3>;

  static boost::asio::const_buffer buffer_of(std::string_view bytes) {
    return boost::asio::buffer(bytes.data(), bytes.size());
  }

  /// Writes what the stream takes at once, and removes it from `rest`.
  /// @returns whether that is all. An error leaves bytes, of which the
  ///          asynchronous write reports it.
  bool write_some(buffers& rest, int flags = 0) {
    // A synchronous write of TLS loses ciphertext if the socket is full.
    if constexpr (!std::is_same_v<Stream,
                                  boost::beast::lowest_layer_type<Stream>>)
      return false;
    else {
      error_code ignored;
      size_t size = 0;
      if constexpr (requires { stream_.send(rest, flags, ignored); })
        size = stream_.send(rest, flags, ignored);
      else
        size = stream_.write_some(rest, ignored);
      for (auto& buffer : rest) {
        auto taken = std::min(size, buffer.size());
        buffer += taken;
        size -= taken;
      }
      return boost::asio::buffer_size(rest) == 0;
    }
  }

  template <class Handler>
  void start_write(const buffers& bytes, Handler handler) {
    is_writing_ = true;
    auto on_end = [this, owner = owner_.lock(), handler = std::move(handler)](
                    error_code ec, size_t) mutable {
      is_writing_ = false;
      writes_controls_ = false;
      // Nothing may follow a part of a frame.
      if (ec)
        close_stream(stream_);
      // First, as the handler may write more.
      write_next();
      handler(ec);
    };
    boost::asio::async_write(
      stream_, bytes,
      boost::asio::bind_allocator(exact_allocator{}, std::move(on_end)));
  }

  /// Writes what waits. A close frame is a control frame and the last one, so a
  /// message goes first.
  void write_next() {
    if (is_writing_)
      return;
    if (waiting_)
      return std::exchange(waiting_, nullptr)();
    if (controls_.empty())
      return;
    writes_controls_ = true;
    auto bytes = std::make_unique<std::string>(std::exchange(controls_, {}));
    buffers all{buffer_of(*bytes)};
    start_write(all, [this, bytes = std::move(bytes)](error_code ec) {
      on_controls_(ec);
    });
  }

  Stream& stream_;
  std::weak_ptr<const void> owner_;
  std::function<void(error_code)> on_controls_;

  /// The header of the message in flight, and the ping behind it.
  frame_head head_;
  ping_frame ping_;

  /// Set during an asynchronous write.
  bool is_writing_ = false;

  /// Set while that is one of control frames.
  bool writes_controls_ = false;

  /// Starts to write the waiting message; null if there is none.
  std::function<void()> waiting_;

  /// The waiting control frames.
  std::string controls_;
};

} // namespace waybill::net
