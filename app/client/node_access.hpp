#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "redis/tls.hpp"

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

/// The address of a node, and the credentials for it.
struct node_access {
  node_url url{false, "127.0.0.1", "8080"};

  /// File of the CA certificates; empty for the system's.
  std::string ca;

  /// API key or token; empty for none.
  std::string secret;

  /// Name of the context that stands for what is not given; empty for
  /// `default`, if there is one.
  std::string context;

  redis::trust_ptr trust = nullptr;
};

/// A secret with which a command authenticates itself.
enum class secret_kind { api_key, token };

/// Adds the options for the access to a node.
/// @param help describes the secret.
void add_access(CLI::App& parser, node_access& access, secret_kind kind,
                const std::string& help);

/// Completes an access with the context that was chosen, and loads the CA
/// certificates that TLS needs.
/// @param parser has parsed the arguments.
/// @returns the exit code on failure; nothing on success.
std::optional<int> open_access(const CLI::App& parser, node_access& access);

/// Percent-encodes a text as a path segment or query value.
std::string quote(const std::string& text);

} // namespace waybill::app
