#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include "redis/tls.hpp"

namespace waybill::app {

/// Where a node is: a host and a port, or the path of a unix socket.
struct node_url {
  bool tls = false;
  std::string host;
  std::string port;
  std::string path = {};

  /// Parses `http://host[:port]`, `https://host[:port]` or `unix:/path`.
  static std::optional<node_url> parse(std::string_view text);

  /// Returns what a client names in `Host` (RFC 9110, section 7.2).
  std::string authority() const;
};

using plain_stream
  = boost::beast::basic_stream<boost::asio::generic::stream_protocol>;
using tls_stream = boost::beast::ssl_stream<plain_stream>;
using client_stream = std::variant<plain_stream, tls_stream>;

/// Returns the socket of a stream, which has the time limit of its operations.
inline plain_stream& socket_of(client_stream& x) {
  return std::visit(
    [](auto& y) -> plain_stream& { return boost::beast::get_lowest_layer(y); },
    x);
}

/// Connects to a node.
/// @param trust whose certificates are good, if `where` is to speak TLS.
/// @param limit how long it may take, and each operation after it.
/// @throws boost::system::system_error if that fails.
boost::asio::awaitable<client_stream> connect(node_url where,
                                              redis::trust_ptr trust,
                                              std::chrono::milliseconds limit);

} // namespace waybill::app
