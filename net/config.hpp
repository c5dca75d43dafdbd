#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "actors/core/rate.hpp"
#include "net/peer_address.hpp"

namespace waybill::net {

/// Rate limits of a client's input, in frames and in bytes of them.
struct client_rates {
  rate frames;
  rate bytes;
};

/// Limits of open connections that are not WebSockets; 0 for no limit.
struct connection_limits {
  size_t in_total = 0;
  size_t per_peer = 0;
};

/// Settings that all WebSockets of a node share.
struct websocket_config {
  /// A peer that is silent for this long is disconnected; it is pinged after
  /// half of it.
  std::chrono::milliseconds idle_timeout{60'000};

  /// The maximum size of a client's message, in bytes.
  size_t max_message = 64 * 1024;

  /// Rate limits of a client's input.
  client_rates rates = {{100, 1000}, {1 << 20, 10 << 20}};

  /// Accepts permessage-deflate (RFC 7692) from clients that offer it.
  bool compression = false;
};

/// Settings that all connections of a node share.
struct connection_config {
  /// The time limit of a request, from its first byte.
  std::chrono::milliseconds head_timeout{10'000};

  /// The time limit of an idle connection between requests.
  std::chrono::milliseconds idle_timeout{60'000};

  /// The maximum size of a request's head, in bytes, and number of its fields.
  size_t max_head = 16 * 1024;
  size_t max_fields = 100;

  /// The maximum size of a request's body, in bytes.
  size_t max_body = 256 * 1024;

  /// The maximum total size of the request bodies that an event loop holds, in
  /// bytes.
  size_t max_request_memory = 64 << 20;

  /// The maximum number of new connections per peer and second; 0 for no limit.
  size_t max_connection_rate = 0;

  /// Limits of open connections that are not WebSockets, per event loop, and
  /// separate for client ports and admin ports.
  connection_limits open = {};

  /// Proxies that are trusted to name the client.
  networks trusted_proxies = {};

  /// Requires the PROXY protocol on each connection from a trusted proxy.
  bool proxy_protocol = false;

  /// The time after which an event stream ends, within 20 %: its client
  /// confirms what it has read when it comes back.
  std::chrono::milliseconds events_lifetime{300'000};

  websocket_config websocket;
};

/// The address that a server listens on: `host:port` with a name or number,
/// `[::1]:8080`, or `:8080` for all interfaces; port 0 picks a free one. Or
/// `unix:/path` for a unix socket.
struct listen_address {
  std::string host;
  std::string port;

  /// The absolute path of a unix socket; else empty.
  std::string path = {};

  /// @returns nothing if `text` is not an address.
  static std::optional<listen_address> parse(std::string_view text);

  /// Tells whether only this machine can connect to it.
  bool is_loopback() const;

  bool is_unix() const noexcept { return !path.empty(); }
};

/// Formats an address in the syntax that `parse` reads.
std::string to_string(const listen_address& address);

/// The kind of requests that a port serves.
enum class port_role {
  /// All requests: the node has no admin port.
  both,
  /// WebSockets, event streams and health checks.
  clients,
  /// All requests except those of clients.
  admins,
};

/// The PEM files for TLS on a port.
struct tls_files {
  /// The server's certificate, followed by its chain.
  std::string certificate;

  /// The unencrypted private key of the certificate.
  std::string key;

  /// The CAs that client certificates are verified against; empty if clients
  /// need no certificate.
  std::string client_ca = {};
};

/// Parses a duration such as `5s`, `500ms` or `10m`: digits and a unit, `ms`,
/// `s`, `m` or `h`.
/// @returns nothing for any other text, and for more than a year.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

} // namespace waybill::net
