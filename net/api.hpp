#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "actors/gateway.hpp"
#include "net/access.hpp"
#include "net/config.hpp"
#include "net/peer_address.hpp"
#include "net/request.hpp"
#include "net/timer.hpp"

namespace waybill::net {

/// An HTTP request as the API sees it.
struct request {
  http::verb method;

  /// The method as it was sent, which `method` knows only if it is a usual one.
  std::string_view method_name;

  target where;

  /// Set if the body is `application/octet-stream`.
  bool binary = false;

  /// The values of `Idempotency-Key`, of which there should be one at most.
  std::vector<std::string> keys = {};

  std::string body = {};

  /// What `authorize` found.
  grant allowed = {};

  /// The address of the client.
  peer_address client = {};

  /// What the port is for that it came in on.
  port_role port = port_role::both;
};

/// What the API needs besides the request.
struct api_context {
  gateway& actors;
  std::string node_name;
  access_ptr access = std::make_shared<const access_rules>();

  /// The version of Waybill.
  std::string version = {};

  /// How many topics a session may listen to.
  size_t max_topics = 100;

  /// Set if the pushes of each pusher are counted.
  bool limits_pushes = false;
};

/// Gets the answer to a request.
using answer_handler = std::function<void(answer)>;

/// Checks a request of which only the head has been read: finds what is wrong
/// with it before anybody sends or reads a body.
/// @param max_topics how many topics a session may listen to.
std::optional<answer> check(const request& what, size_t max_topics);

/// Answers a request. May call `then` more than once: the first call counts.
/// @param timer is free for this request's use.
/// @pre `check` found nothing.
void handle(api_context& context, request what, timer_type& timer,
            answer_handler then);

/// Returns what a pusher's key has to open for this request; nothing if it
/// needs no key.
std::optional<scope> scope_of(const request& what) noexcept;

/// Returns the address that a request is about; nothing if it is about none, or
/// about many.
/// @pre `check` found nothing.
std::optional<push_address> address_of(const request& what);

/// Tells whether `what` is to become a WebSocket.
bool is_websocket(const request& what) noexcept;

/// Returns the topics that the session of a client is to listen to.
/// @pre `check` found nothing.
std::vector<std::string> topics_of(const request& what);

/// Takes a place for the session of a client, or finds what stands against it
/// now.
void admit(api_context& context, const request& what,
           std::function<void(std::variant<place_ptr, answer>)> then);

} // namespace waybill::net
