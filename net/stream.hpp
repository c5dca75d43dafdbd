#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <memory_resource>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/system/error_code.hpp>

namespace waybill::net {

/// Allocates an operation that waits for long, or the large one before it, in a
/// block of its own size. Asio gives each operation the block of the last one
/// on its thread, however large that is.
using exact_allocator = std::pmr::polymorphic_allocator<std::byte>;

// These functions act on the socket below any TLS. They ignore its errors,
// which only say that it is closed already. Beast's in-memory test stream
// reports none.

/// Closes a stream, without a closing handshake.
template <class Stream>
void close_stream(Stream& stream) {
  boost::system::error_code ignored;
  auto& socket = boost::beast::get_lowest_layer(stream);
  if constexpr (requires { socket.close(ignored); })
    socket.close(ignored);
  else
    socket.close();
}

/// Cancels pending operations, which fail with an error.
template <class Stream>
void cancel_stream(Stream& stream) {
  boost::system::error_code ignored;
  auto& socket = boost::beast::get_lowest_layer(stream);
  if constexpr (requires { socket.cancel(ignored); })
    socket.cancel(ignored);
  else
    socket.close();
}

/// Shuts down the sending side, then calls `then`; the peer may still send.
/// With TLS this sends close_notify (RFC 8446, section 6.1), which may take
/// until the stream is closed.
template <class Stream, class Then>
void end_stream(Stream& stream, Then then) {
  auto end = [&stream, then](boost::system::error_code ignored = {}) {
    auto& socket = boost::beast::get_lowest_layer(stream);
    constexpr auto send = boost::asio::socket_base::shutdown_send;
    if constexpr (requires { socket.shutdown(send, ignored); })
      socket.shutdown(send, ignored);
    else
      socket.close();
    then();
  };
  if constexpr (requires { stream.async_shutdown(end); })
    stream.async_shutdown(end);
  else
    end();
}

/// Reads and drops all further input of a stream, and calls `then` at its end.
/// To close a socket that has unread input resets the connection, which may
/// destroy output that the peer has not read.
/// @pre `then` keeps the stream alive.
template <class Stream, class Then>
void drain_stream(Stream& stream, Then then) {
  struct operation {
    void operator()(boost::system::error_code ec, size_t) {
      if (ec)
        return then();
      socket.async_read_some(boost::asio::buffer(*buffer), std::move(*this));
    }
    boost::beast::lowest_layer_type<Stream>& socket;
    std::shared_ptr<std::array<char, 4096>> buffer;
    Then then;
  };
  operation{boost::beast::get_lowest_layer(stream),
            std::make_shared_for_overwrite<std::array<char, 4096>>(),
            std::move(then)}({}, 0);
}

} // namespace waybill::net
