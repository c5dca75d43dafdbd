#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <functional>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/stream_traits.hpp>

#include "net/stream.hpp"
#include "net/websocket/frame_head.hpp"
#include "net/websocket/ping_frame.hpp"

namespace waybill::net {

/// The only writer of a stream that carries a WebSocket. The frames of a
/// session and the writes of Beast queue here, and each is written whole before
/// the next, so that none begins inside of another.
///
/// The session has at most one frame in flight, and Beast one write. So at most
/// one waits for the other, and an idle writer holds no memory.
template <class Stream>
class frame_writer {
public:
  /// @param stream must outlive this.
  explicit frame_writer(Stream& stream) : stream_(stream), sink_{stream} {
    // Asio would make `write_some` wait for the peer otherwise.
    error_code ignored;
    if constexpr (requires { stream.non_blocking(true, ignored); })
      if (!stream.non_blocking())
        stream.non_blocking(true, ignored);
  }

  frame_writer(const frame_writer&) = delete;

  /// Makes each asynchronous write keep `owner` alive: the ping of an idle
  /// Beast does not.
  /// @pre `owner` holds this writer.
  void keep_alive(std::weak_ptr<const void> owner) {
    owner_ = std::move(owner);
  }

  /// Tells whether the next write of Beast is followed by a frame soon. The
  /// kernel sends both in one packet then, or the write alone after 200 ms
  /// (MSG_MORE in send(2)).
  void expect_more(bool expected) { sink_.flags = expected ? MSG_MORE : 0; }

  /// Holds a write of Beast until `release` if `holds` returns true for its
  /// first buffer. Frames are written meanwhile.
  void hold_if(std::function<bool(std::string_view)> holds) {
    holds_ = std::move(holds);
  }

  /// Queues the held write, if any.
  void release() {
    held_ = false;
    write_next();
  }

  /// Writes a message as one frame, and `ping` behind it, as one write.
  /// @returns whether the stream has taken it. If not, calls
  ///          `on_written(error_code)` when it has, or has failed.
  /// @pre no other frame is in flight.
  template <class Handler>
  bool write(const payload& message, const ping_frame& ping,
             Handler on_written) {
    head_ = {message.type(), message.size()};
    ping_ = ping;
    frame_buffers rest{buffer_of(head_.bytes()), buffer_of(message.bytes()),
                       buffer_of(ping_.bytes())};
    if (!is_writing_ && write_some(rest))
      return true;
    // The lambda keeps the message, whose bytes the buffers refer to.
    queue(rest, [message, on_written = std::move(on_written)](
                  error_code ec, size_t) mutable { on_written(ec); });
    return false;
  }

  /// Writes all of `buffers`, as one write of Beast.
  /// @param handler is called with an error code and the number of bytes.
  /// @pre no other write of Beast is pending, and this is a whole frame, as it
  ///      is with at most 64 KiB.
  template <class Buffers, class Handler>
  void async_write(const Buffers& buffers, Handler&& handler) {
    boost::asio::const_buffer first
      = *boost::asio::buffer_sequence_begin(buffers);
    auto holds
      = holds_
        && holds_({static_cast<const char*>(first.data()), first.size()});
    if (!holds)
      return queue(buffers, std::forward<Handler>(handler));
    wait(buffers, std::forward<Handler>(handler));
    held_ = true;
  }

private:
  using error_code = boost::system::error_code;

  /// The unwritten part of a header, of a message and of a ping.
  using frame_buffers = std::array<boost::asio::const_buffer, 3>;

  /// Writes to the stream with flags of send(2), unless that encrypts.
  struct flagged_stream {
    using executor_type = typename Stream::executor_type;

    executor_type get_executor() { return next.get_executor(); }

    template <class Buffers, class Handler>
    void async_write_some(const Buffers& buffers, Handler&& handler) {
      if constexpr (requires {
                      next.async_send(buffers, flags,
                                      std::forward<Handler>(handler));
                    })
        next.async_send(buffers, flags, std::forward<Handler>(handler));
      else
        next.async_write_some(buffers, std::forward<Handler>(handler));
    }

    Stream& next;
    int flags = 0;
  };

  static boost::asio::const_buffer buffer_of(std::string_view bytes) {
    return boost::asio::buffer(bytes.data(), bytes.size());
  }

  /// Writes what the stream takes at once, and removes it from `rest`.
  /// @returns whether that is all. An error leaves bytes, of which the
  ///          asynchronous write reports it.
  bool write_some(frame_buffers& rest) {
    // A synchronous write of TLS loses ciphertext if the socket is full.
    if constexpr (!std::is_same_v<Stream,
                                  boost::beast::lowest_layer_type<Stream>>)
      return false;
    else {
      error_code ignored;
      auto size = stream_.write_some(rest, ignored);
      for (auto& buffer : rest) {
        auto taken = std::min(size, buffer.size());
        buffer += taken;
        size -= taken;
      }
      return boost::asio::buffer_size(rest) == 0;
    }
  }

  template <class Buffers, class Handler>
  void queue(const Buffers& buffers, Handler&& handler) {
    if (is_writing_)
      wait(buffers, std::forward<Handler>(handler));
    else
      start(buffers, std::forward<Handler>(handler));
  }

  template <class Buffers, class Handler>
  void wait(const Buffers& buffers, Handler&& handler) {
    assert(!waiting_);
    // The handler is move-only, but `std::function` needs a copyable one.
    auto kept
      = std::make_shared<std::decay_t<Handler>>(std::forward<Handler>(handler));
    waiting_ = [this, buffers, kept] { start(buffers, std::move(*kept)); };
  }

  template <class Buffers, class Handler>
  void start(const Buffers& buffers, Handler&& handler) {
    is_writing_ = true;
    auto on_end
      = [this, owner = owner_.lock(), handler = std::forward<Handler>(handler)](
          error_code ec, size_t size) mutable {
          is_writing_ = false;
          // Nothing may follow a part of a frame.
          if (ec)
            close_stream(stream_);
          // First, as the handler may write more.
          write_next();
          std::move(handler)(ec, size);
        };
    boost::asio::async_write(
      sink_, buffers,
      boost::asio::bind_allocator(exact_allocator{}, std::move(on_end)));
  }

  void write_next() {
    if (waiting_ && !is_writing_ && !held_)
      std::exchange(waiting_, nullptr)();
  }

  Stream& stream_;
  flagged_stream sink_;
  std::weak_ptr<const void> owner_;
  std::function<bool(std::string_view)> holds_;

  /// The header of the frame in flight, and the ping behind it.
  frame_head head_;
  ping_frame ping_;

  /// Set during an asynchronous write.
  bool is_writing_ = false;

  /// Set if the waiting write waits for `release`, too.
  bool held_ = false;

  /// Starts the waiting write; null if there is none.
  std::function<void()> waiting_;
};

} // namespace waybill::net
