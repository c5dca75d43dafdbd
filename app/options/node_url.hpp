#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace waybill::app {

/// The address of a node: a host and a port, or the path of a unix socket.
struct node_url {
  bool tls = false;
  std::string host;
  std::string port;
  std::string path = {};

  /// Parses `http://host[:port]`, `https://host[:port]` or `unix:/path`.
  static std::optional<node_url> parse(std::string_view text);

  /// Returns the value of the `Host` field (RFC 9110, section 7.2).
  std::string authority() const;

  /// Returns the name for messages: `host:port` or `unix:/path`.
  std::string name() const;

  friend bool operator==(const node_url&, const node_url&) = default;
};

/// The form of a node's URL, for error messages.
constexpr auto node_url_form
  = "http://host:port, https://host:port or unix:/path";

} // namespace waybill::app
