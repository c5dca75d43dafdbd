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

/// What the API needs besides the request.
struct api_context {
  gateway& actors;
  std::string node_name;
  access_policy_ptr access = std::make_shared<const access_policy>();

  /// The version of Waybill.
  std::string version = {};

  /// How many topics a session may listen to.
  size_t max_topics = 100;

  /// How many sessions the node may hold.
  size_t max_sessions = 0;

  /// Set if the pushes of each pusher are counted.
  bool limits_pushes = false;

  /// The files of the console, by what stands behind `/console/`.
  static_files console = std::make_shared<static_files::element_type>();

  /// When the process began.
  std::chrono::system_clock::time_point began = {};
};

/// Gets the answer to a request.
using response_handler = std::function<void(response)>;

/// Answers a request. May call `then` more than once: the first call counts.
/// @param timer is free for this request's use.
/// @pre `check` found nothing.
void handle(api_context& context, request request, timer_type& timer,
            response_handler then);

/// Takes a place for the session of a client, or finds what stands against it
/// now.
void admit(api_context& context, const request& request,
           std::function<void(std::variant<session_slot_ptr, response>)> then);

} // namespace waybill::net
