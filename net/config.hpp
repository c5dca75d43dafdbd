#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "actors/core/rate.hpp"
#include "net/peer_address.hpp"

namespace waybill::net {

/// How fast a client may send, in frames and in bytes of them.
struct client_rates {
  rate frames;
  rate bytes;
};

/// How many connections may be open that are no WebSockets; 0 for any number.
struct connection_limits {
  size_t in_total = 0;
  size_t per_peer = 0;
};

/// What all WebSockets of a node have in common.
struct websocket_config {
  /// How long the handshake may take.
  std::chrono::milliseconds handshake_timeout{10'000};

  /// After how long a silent peer is gone; it is pinged at half of it.
  std::chrono::milliseconds idle_timeout{60'000};

  /// The largest message from a client, in bytes.
  size_t max_message = 64 * 1024;

  /// How fast a client may send.
  client_rates rates = {{100, 1000}, {1 << 20, 10 << 20}};

  /// Allows permessage-deflate (RFC 7692) to clients that offer it.
  bool compression = false;
};

/// What all connections of a node have in common.
struct connection_config {
  /// How long a client may take for a request, from its first byte.
  std::chrono::milliseconds head_timeout{10'000};

  /// How long a connection may wait for its next request.
  std::chrono::milliseconds idle_timeout{60'000};

  /// The largest head of a request, in bytes, and how many fields it may have.
  size_t max_head = 16 * 1024;
  size_t max_fields = 100;

  /// The largest body of a request, in bytes.
  size_t max_body = 256 * 1024;

  /// How many bytes of bodies all requests of an event loop may hold together.
  size_t max_request_memory = 64 << 20;

  /// How many connections a peer may open a second; 0 for any number.
  size_t max_connection_rate = 0;

  /// How many connections of an event loop, on ports for clients and on those
  /// for admins, may be open that are no WebSockets.
  connection_limits open = {};

  /// Whose word is taken for who the client is.
  networks trusted_proxies = {};

  /// Has those begin each connection with the PROXY protocol.
  bool proxy_protocol = false;

  websocket_config websocket;
};

/// Where a server listens: `host:port` with a name or number, `[::1]:8080`, or
/// `:8080` for all addresses. Port 0 takes a free one. Or `unix:/path` for a
/// unix socket.
struct listen_address {
  std::string host;
  std::string port;

  /// The file of a unix socket, absolute; else empty.
  std::string path = {};

  /// @returns nothing for a text that is no such address.
  static std::optional<listen_address> parse(std::string_view text);

  /// Tells whether only this machine can connect to it.
  bool is_loopback() const;

  bool is_unix() const noexcept { return !path.empty(); }
};

/// Prints an address as it is parsed.
std::string to_string(const listen_address& address);

/// What a port is for.
enum class port_role {
  /// Everything: the node has no port for admins.
  both,
  /// WebSockets, and the probes of a balancer.
  clients,
  /// Everything but WebSockets.
  admins,
};

/// The files, in PEM, that TLS on a port needs.
struct tls_files {
  /// The certificate of the server, then those that lead to its CA.
  std::string certificate;

  /// Its private key, which is not encrypted.
  std::string key;

  /// CAs of which one must have signed the certificate of each client; no file
  /// if clients need none.
  std::string client_ca = {};
};

/// Parses a duration such as `5s`, `500ms` or `10m`: digits and a unit out of
/// `ms`, `s`, `m` and `h`.
/// @returns nothing for any other text, and for more than a year.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

} // namespace waybill::net
