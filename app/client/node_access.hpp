#pragma once

#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "app/options/node_url.hpp"
#include "redis/tls.hpp"

namespace waybill::app {

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
