#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "actors/gateway.hpp"
#include "net/api/exchange.hpp"
#include "net/api/request.hpp"
#include "net/api/upgrade_limiter.hpp"
#include "net/auth/permissions.hpp"
#include "net/config.hpp"
#include "net/http/request.hpp"
#include "net/http/static_file.hpp"
#include "net/peer_address.hpp"

namespace waybill::net {

/// The context of all requests to the API.
struct api_context {
  gateway& actors;
  std::string node_name;
  access_policy_ptr access = std::make_shared<const access_policy>();

  /// The version of Waybill.
  std::string version = {};

  /// The maximum number of topics per session.
  size_t max_topics = 100;

  /// The maximum number of sessions on the node.
  size_t max_sessions = 0;

  /// Set if the push rate of each pusher is limited.
  bool limits_pushes = false;

  /// The files of the console, by their paths below `/console/`.
  static_files console = std::make_shared<static_files::element_type>();

  /// The start time of the process.
  std::chrono::system_clock::time_point began = {};

  /// Returns counters of the process for `/stats`.
  std::function<counters()> of_process = [] { return counters{}; };

  /// Returns the last lines of the log, each as a JSON object.
  std::function<std::vector<std::string>()> log
    = [] { return std::vector<std::string>{}; };

  /// Limits the sessions that this loop opens in a second.
  upgrade_limiter upgrades{};
};

/// A request with its sender and its body.
struct api_call {
  net::request request;

  /// The permissions of the sender.
  permissions allowed = {};

  /// The address of the client.
  peer_address client = {};

  std::string body = {};

  /// Set if the node opens no session for it now, because too many come: the
  /// time after which the client may connect again.
  std::optional<std::chrono::milliseconds> retry = {};
};

/// Parses and authorizes a request by its head; the body is still to be read.
/// A session past the rate limit is not authorized, as tokens are expensive to
/// verify: `admit` refuses it.
/// @param port the role of the port that received it.
std::variant<api_call, response> accept(api_context& context,
                                        const http::request_header<>& fields,
                                        const peer_address& client,
                                        port_role port);

/// Serializes the response to a request. For an event stream, a refusal that
/// may pass becomes a stream that ends.
std::string serialize(const response& response, const api_call& call,
                      const response_mode& mode);

/// Answers a request with one response.
/// @pre it opens no session.
void handle(api_context& context, api_call call, const exchange_ptr& exchange);

/// Reserves a slot for the session of a client.
/// @returns by `then` the slot, or the response that refuses the session: 204
///          for an event stream that was closed for good.
/// @pre the request of `call` opens a session.
void admit(api_context& context, const api_call& call,
           std::function<void(std::variant<session_slot_ptr, response>)> then);

} // namespace waybill::net
