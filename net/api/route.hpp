#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/core/address.hpp"
#include "net/auth/permissions.hpp"
#include "net/config.hpp"
#include "net/http/request.hpp"
#include "net/peer_address.hpp"

namespace waybill::net {

/// A parsed HTTP request.
struct request {
  http::verb method;

  /// The method as sent; `method` represents only the usual ones.
  std::string_view method_name;

  net::target target;

  /// Set if the type of the body is not text.
  bool binary = false;

  /// The values of `Idempotency-Key`; at most one is valid.
  std::vector<std::string> keys = {};

  std::string body = {};

  /// The permissions that `authorize` found.
  permissions allowed = {};

  /// The address of the client.
  peer_address client = {};

  /// The role of the port that received it.
  port_role port = port_role::both;
};

/// The resource of a path.
enum class resource {
  none,
  websocket,
  socket,
  topic,
  broadcast,
  batch,
  livez,
  readyz,
  stats,
  trace,
  metrics,
  console
};

resource resource_of(const target& target) noexcept;

/// Checks a request after its head, before the body is sent or read.
/// @param max_topics the maximum number of topics per session.
/// @returns the response that refuses it, if any.
std::optional<response> check(const request& request, size_t max_topics);

/// Builds the 404 response for an unknown path, with the path that was probably
/// meant.
response no_such_path(const target& target);

/// Returns the value of a parameter, or `otherwise`.
std::string parameter(const request& request, const std::string& name,
                      const char* otherwise);

/// Returns the scope that a key needs for this request; nothing if it needs no
/// key.
std::optional<scope> scope_of(const request& request) noexcept;

/// Returns the address of a request; nothing if it has none or many.
/// @pre `check` found no error.
std::optional<push_address> address_of(const request& request);

/// Tells whether the request opens a WebSocket.
bool is_websocket(const request& request) noexcept;

/// Returns the topics that a client subscribes to.
/// @pre `check` found no error.
std::vector<std::string> topics_of(const request& request);

} // namespace waybill::net
