#pragma once

#include <cstring>
#include <optional>
#include <sstream>
#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/system/error_code.hpp>

#include "net/network.hpp"

namespace waybill::net {

// A socket reports an error where it is closed, which nobody wants to know, and
// Beast's stream in memory, which tests use, knows of none.

/// Closes a stream.
template <class Stream>
void close_stream(Stream& stream) {
  boost::system::error_code ignored;
  if constexpr (requires { stream.close(ignored); })
    stream.close(ignored);
  else
    stream.close();
}

/// Ends the operations that are under way with an error.
template <class Stream>
void cancel_stream(Stream& stream) {
  boost::system::error_code ignored;
  if constexpr (requires { stream.cancel(ignored); })
    stream.cancel(ignored);
  else
    stream.close();
}

/// Tells the peer that nothing more will come; it may still send.
template <class Stream>
void end_stream(Stream& stream) {
  boost::system::error_code ignored;
  constexpr auto send = boost::asio::socket_base::shutdown_send;
  if constexpr (requires { stream.shutdown(send, ignored); })
    stream.shutdown(send, ignored);
  else
    stream.close();
}

/// Returns the endpoint of the peer of a TCP socket.
template <class Stream>
std::optional<boost::asio::ip::tcp::endpoint>
endpoint_of(const Stream& stream) {
  if constexpr (requires(boost::system::error_code ec) {
                  stream.remote_endpoint(ec);
                }) {
    boost::system::error_code ec;
    auto endpoint = stream.remote_endpoint(ec);
    boost::asio::ip::tcp::endpoint tcp;
    if (!ec && endpoint.size() <= tcp.capacity()
        && endpoint.protocol().family() != AF_UNIX) {
      std::memcpy(tcp.data(), endpoint.data(), endpoint.size());
      return tcp;
    }
  }
  return std::nullopt;
}

/// Returns the address of the peer: that of a TCP socket with its port, and
/// `unix` for other sockets.
template <class Stream>
std::string peer_of(const Stream& stream) {
  auto endpoint = endpoint_of(stream);
  if (!endpoint)
    return "unix";
  std::ostringstream out;
  out << *endpoint;
  return out.str();
}

/// Returns what stands for the peer where peers are counted.
template <class Stream>
std::string counted_peer(const Stream& stream) {
  auto endpoint = endpoint_of(stream);
  return endpoint ? network_of(endpoint->address()) : "unix";
}

} // namespace waybill::net
