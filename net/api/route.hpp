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

/// An HTTP request as the API sees it.
struct request {
  http::verb method;

  /// The method as it was sent, which `method` knows only if it is a usual one.
  std::string_view method_name;

  net::target target;

  /// Set if the body is no text by its type.
  bool binary = false;

  /// The values of `Idempotency-Key`, of which there should be one at most.
  std::vector<std::string> keys = {};

  std::string body = {};

  /// What `authorize` found.
  permissions allowed = {};

  /// The address of the client.
  peer_address client = {};

  /// What the port is for that it came in on.
  port_role port = port_role::both;
};

/// What a path leads to.
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

/// Checks a request of which only the head has been read: finds what is wrong
/// with it before anybody sends or reads a body.
/// @param max_topics how many topics a session may listen to.
std::optional<response> check(const request& request, size_t max_topics);

/// Makes the answer for a path that leads nowhere, and names the one that may
/// have been meant.
response no_such_path(const target& target);

/// Returns the value of a parameter, or `otherwise`.
std::string parameter(const request& request, const std::string& name,
                      const char* otherwise);

/// Returns what a pusher's key has to open for this request; nothing if it
/// needs no key.
std::optional<scope> scope_of(const request& request) noexcept;

/// Returns the address that a request is about; nothing if it is about none, or
/// about many.
/// @pre `check` found nothing.
std::optional<push_address> address_of(const request& request);

/// Tells whether `what` is to become a WebSocket.
bool is_websocket(const request& request) noexcept;

/// Returns the topics that the session of a client is to listen to.
/// @pre `check` found nothing.
std::vector<std::string> topics_of(const request& request);

} // namespace waybill::net
