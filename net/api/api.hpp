#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <variant>

#include "actors/gateway.hpp"
#include "net/api/authorize.hpp"
#include "net/api/route.hpp"
#include "net/http/static_file.hpp"
#include "net/timer.hpp"

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
};

/// Receives the response to a request.
using response_handler = std::function<void(response)>;

/// Answers a request. May call `then` more than once: only the first call
/// counts.
/// @param timer may be used for this request.
/// @pre `check` found no error.
void handle(api_context& context, request request, timer_type& timer,
            response_handler then);

/// Reserves a slot for the session of a client.
/// @returns by `then` the slot, or the response that refuses the session.
void admit(api_context& context, const request& request,
           std::function<void(std::variant<session_slot_ptr, response>)> then);

} // namespace waybill::net
