#include "net/api/api.hpp"

#include <cassert>
#include <string>

#include <spdlog/spdlog.h>

#include "net/api/audit.hpp"
#include "net/api/authorize.hpp"
#include "net/api/metrics.hpp"
#include "net/api/push.hpp"
#include "net/api/push_options.hpp"
#include "net/api/queries.hpp"
#include "net/api/route.hpp"
#include "net/api/why.hpp"
#include "net/client_key.hpp"
#include "net/events/event_stream.hpp"
#include "net/retry.hpp"

namespace waybill::net {

namespace {

response stopping() {
  return error_response(http::status::service_unavailable, "stopping",
                        "this node is stopping; use another node");
}

void handle_readiness(api_context& context, const exchange_ptr& exchange) {
  if (context.actors.draining())
    return exchange->respond(stopping());
  context.actors.state([exchange](const bus_status& status) {
    if (status.state == bus_state::away || !status.takes_sessions)
      return exchange->respond(
        to_answer(caf::error{errc::bus_away, status.reason}));
    response result{http::status::ok, {{"status", "ready"}}};
    if (!status.reason.empty())
      result.body["impaired"] = status.reason;
    exchange->respond(std::move(result));
  });
}

void handle_stats(api_context& context, const stats_request& request,
                  const exchange_ptr& exchange) {
  if (request.cluster)
    return handle_cluster(context, request, exchange);
  context.actors.state([&context, exchange](const bus_status& status) {
    context.actors.stats([&context, status, exchange](const metrics& figures) {
      response result{http::status::ok,
                      {{"node", context.node_name},
                       {"version", context.version},
                       {"bus", to_string(status.state)}}};
      if (!status.reason.empty())
        result.body["impaired"] = status.reason;
      auto all = to_counters(figures);
      all.merge(context.of_process());
      for (auto& [name, value] : all)
        result.body[name] = value;
      exchange->respond(std::move(result));
    });
  });
}

void handle_confirmation(api_context& context, const confirm_request& request,
                         const permissions& allowed,
                         const exchange_ptr& exchange) {
  context.actors.state(request.address, [&context, request,
                                         origin = allowed.origin,
                                         exchange](const bus_status& status) {
    if (status.state == bus_state::away)
      return exchange->respond(
        to_answer(caf::error{errc::bus_away, status.reason}));
    context.actors.confirm(request.address, request.entry);
    response result{http::status::ok, {{"confirmed", request.entry}}};
    allow_origin(result, origin);
    exchange->respond(result);
  });
}

void handle_metrics(api_context& context, const exchange_ptr& exchange) {
  context.actors.state([&context, exchange](const bus_status& status) {
    context.actors.stats([&context, status, exchange](const metrics& figures) {
      exchange->respond(
        {http::status::ok, to_metrics(figures, status, context)});
    });
  });
}

void handle_file(const api_context& context, const file_request& request,
                 const permissions& allowed, const exchange_ptr& exchange) {
  auto found = context.console->find(request.name);
  if (found == context.console->end())
    return exchange->respond(no_such_path({{"console"}, {}}));
  // Forbids framing by other pages, and caching beyond an upgrade.
  response result{
    http::status::ok,
    found->second.text,
    {{http::field::content_type, found->second.type + "; charset=utf-8"},
     {http::field::x_frame_options, "DENY"},
     {http::field::cache_control, "no-cache"}}};
  allow_origin(result, allowed.origin);
  exchange->respond(result);
}

/// Returns the number of pushes in a request.
uint64_t count_pushes(const api_call& call) {
  if (std::holds_alternative<batch_request>(call.request))
    return lines_of(call.body).size();
  return std::holds_alternative<push_request>(call.request) ? 1 : 0;
}

response too_fast(caf::timespan wait) {
  auto result = error_response(http::status::too_many_requests,
                               "too_many_pushes", "reduce your push rate");
  auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  result.fields = {{http::field::retry_after, std::to_string(seconds)}};
  return result;
}

response too_many_upgrades(std::chrono::milliseconds retry) {
  auto result = error_response(
    http::status::service_unavailable, "too_many_upgrades",
    "too many clients connect; come back in " + to_seconds(retry) + " s",
    {{"retry", std::stod(to_seconds(retry))}});
  auto seconds = std::chrono::ceil<std::chrono::seconds>(retry).count();
  result.fields = {{http::field::retry_after, std::to_string(seconds)}};
  result.counted = metric::over_max_upgrade_rate;
  return result;
}

/// Checks whether the node may open another session now, if a request is for
/// one.
std::optional<std::chrono::milliseconds>
check_upgrade_rate(api_context& context, const request& request) {
  if (!opens_session(request) || context.actors.draining())
    return std::nullopt;
  return context.upgrades.check(std::chrono::steady_clock::now());
}

/// Calls the handler of a request.
struct dispatcher {
  api_context& context;
  api_call& call;
  const exchange_ptr& exchange;

  void operator()(push_request& request) const {
    handle_push(context, std::move(request), std::move(call.body), exchange);
  }

  void operator()(const batch_request& request) const {
    handle_batch(context, request, call, exchange);
  }

  void operator()(const kick_request& request) const {
    handle_kick(context, request, exchange);
  }

  void operator()(const topic_request& request) const {
    handle_topic(context, request, exchange);
  }

  void operator()(const presence_request& request) const {
    handle_presence(context, request, exchange);
  }

  void operator()(const mailbox_request& request) const {
    handle_mailbox(context, request, exchange);
  }

  void operator()(const trace_request& request) const {
    handle_trace(context, request, exchange);
  }

  void operator()(const why_request& request) const {
    handle_why(context, request, exchange);
  }

  void operator()(const stats_request& request) const {
    handle_stats(context, request, exchange);
  }

  void operator()(const ranking_request& request) const {
    handle_ranking(context, request, exchange);
  }

  void operator()(const history_request&) const {
    handle_history(context, exchange);
  }

  void operator()(const metrics_request&) const {
    handle_metrics(context, exchange);
  }

  void operator()(const liveness_request&) const {
    exchange->respond({http::status::ok, {{"status", "live"}}});
  }

  void operator()(const readiness_request&) const {
    handle_readiness(context, exchange);
  }

  void operator()(const file_request& request) const {
    handle_file(context, request, call.allowed, exchange);
  }

  void operator()(const redirect_request& request) const {
    std::string location{request.location};
    exchange->respond({http::status::temporary_redirect,
                       {{"location", location}},
                       {{http::field::location, location}}});
  }

  void operator()(const confirm_request& request) const {
    handle_confirmation(context, request, call.allowed, exchange);
  }

  void operator()(const websocket_request&) const { assert_no_session(); }

  void operator()(const events_request&) const { assert_no_session(); }

  static void assert_no_session() { assert(!"a session begins with admit"); }
};

} // namespace

std::variant<api_call, response> accept(api_context& context,
                                        const http::request_header<>& fields,
                                        const peer_address& client,
                                        port_role port) {
  auto head = parse_head(fields);
  if (auto wrong = std::get_if<response>(&head))
    return std::move(*wrong);
  auto routed = route(std::get<request_head>(head), port, context.max_topics);
  if (auto wrong = std::get_if<response>(&routed))
    return std::move(*wrong);
  auto& found = std::get<routed_request>(routed);
  auto retry = check_upgrade_rate(context, found.request);
  auto allowed = retry ? authorize_page(*context.access, fields)
                       : authorize(*context.access, fields, found);
  if (auto wrong = std::get_if<response>(&allowed))
    return std::move(*wrong);
  return api_call{std::move(found.request),
                  std::get<permissions>(std::move(allowed)),
                  client,
                  {},
                  retry};
}

std::string serialize(const response& response, const api_call& call,
                      const response_mode& mode) {
  if (std::holds_alternative<events_request>(call.request)
      && may_pass(response.status))
    return serialize(end_of_stream(response, call.allowed.origin,
                                   call.retry.value_or(spread_retry())),
                     mode);
  return serialize(response, mode);
}

void handle(api_context& context, api_call call, const exchange_ptr& exchange) {
  if (auto line = audit_line(call))
    spdlog::info(*line);
  auto pushes = context.limits_pushes ? count_pushes(call) : 0;
  if (pushes == 0)
    return std::visit(dispatcher{context, call, exchange}, call.request);
  auto& key = call.allowed.pusher;
  auto pusher = key.empty() ? client_key(call.client) : "key " + key;
  context.actors.spend(
    pusher, pushes,
    [&context, call = std::move(call),
     exchange](const caf::expected<caf::timespan>& wait) mutable {
      if (wait && wait->count() > 0)
        exchange->respond(too_fast(*wait));
      else
        std::visit(dispatcher{context, call, exchange}, call.request);
    });
}

void admit(api_context& context, const api_call& call,
           std::function<void(std::variant<session_slot_ptr, response>)> then) {
  if (call.retry)
    return then(too_many_upgrades(*call.retry));
  auto events = std::get_if<events_request>(&call.request);
  if (events && events->position.is_final(std::chrono::system_clock::now())) {
    if (auto& entry = events->position.entry; !entry.empty())
      context.actors.confirm(events->address, entry);
    return then(response{http::status::no_content});
  }
  if (context.actors.draining())
    return then(stopping());
  auto& client = *client_part(call.request);
  context.upgrades.take(std::chrono::steady_clock::now());
  context.actors.admit(std::string{client.address.name()},
                       client_key(call.client),
                       [&context, via = client.via, then = std::move(then)](
                         const caf::expected<session_slot_ptr>& slot) {
                         if (!slot) {
                           context.upgrades.put_back();
                           return then(to_answer(slot.error()));
                         }
                         if (via)
                           context.actors.count(*via);
                         then(*slot);
                       });
}

} // namespace waybill::net
