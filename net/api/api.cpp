#include "net/api/api.hpp"

#include <string>

#include "net/api/metrics.hpp"
#include "net/api/push.hpp"
#include "net/api/push_options.hpp"
#include "net/api/queries.hpp"
#include "net/client_key.hpp"

namespace waybill::net {

namespace {

response stopping() {
  return error_response(http::status::service_unavailable, "stopping",
                        "this node is stopping; use another node");
}

void handle_readyz(api_context& context, response_handler then) {
  if (context.actors.draining())
    return then(stopping());
  context.actors.state([then](const bus_status& status) {
    if (status.state == bus_state::away || !status.takes_sessions)
      return then(to_answer(caf::error{errc::bus_away, status.reason}));
    response result{http::status::ok, {{"status", "ready"}}};
    if (!status.reason.empty())
      result.body["impaired"] = status.reason;
    then(std::move(result));
  });
}

void handle_stats(api_context& context, const request& request,
                  response_handler then) {
  if (parameter(request, "cluster", "0") == "1")
    return handle_cluster(context, request, std::move(then));
  context.actors.state([&context, then](const bus_status& status) {
    context.actors.stats([&context, status, then](const counters& figures) {
      response result{http::status::ok,
                      {{"node", context.node_name},
                       {"version", context.version},
                       {"bus", to_string(status.state)}}};
      if (!status.reason.empty())
        result.body["impaired"] = status.reason;
      for (auto& [name, value] : figures)
        result.body[name] = value;
      then(std::move(result));
    });
  });
}

void handle_metrics(api_context& context, response_handler then) {
  context.actors.state([&context, then](const bus_status& status) {
    context.actors.stats([&context, status, then](const counters& figures) {
      then({http::status::ok, to_metrics(figures, status, context)});
    });
  });
}

void handle_console(const api_context& context, const target& target,
                    const response_handler& then) {
  auto name = target.path.size() < 2 ? "" : target.path[1];
  auto found = context.console->find(name);
  if (found == context.console->end())
    return then(no_such_path(target));
  // Forbids framing by other pages, and caching beyond an upgrade.
  then({http::status::ok,
        found->second.text,
        {{http::field::content_type, found->second.type + "; charset=utf-8"},
         {http::field::x_frame_options, "DENY"},
         {http::field::cache_control, "no-cache"}}});
}

/// Returns the number of pushes in a request.
uint64_t count_pushes(const request& request) {
  if (request.method != http::verb::post)
    return 0;
  return resource_of(request.target) == resource::batch
           ? lines_of(request.body).size()
           : 1;
}

response too_fast(caf::timespan wait) {
  auto result = error_response(http::status::too_many_requests,
                               "too_many_pushes", "reduce your push rate");
  auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  result.fields = {{http::field::retry_after, std::to_string(seconds)}};
  return result;
}

/// Answers a request that is within the push rate.
void run(api_context& context, request request, timer_type& timer,
         response_handler then) {
  switch (resource_of(request.target)) {
  case resource::socket:
  case resource::topic:
  case resource::broadcast: {
    auto address = *address_of(request);
    if (request.method == http::verb::post)
      handle_push(context, address, std::move(request), timer, std::move(then));
    else if (request.method == http::verb::delete_)
      handle_kick(context, address, timer, std::move(then));
    else
      handle_presence(context, request, std::move(then));
    break;
  }
  case resource::batch:
    handle_batch(context, std::move(request), timer, std::move(then));
    break;
  case resource::readyz:
    handle_readyz(context, then);
    break;
  case resource::livez:
    then({http::status::ok, {{"status", "live"}}});
    break;
  case resource::stats:
    handle_stats(context, request, std::move(then));
    break;
  case resource::trace:
    handle_trace(context, request, std::move(then));
    break;
  case resource::metrics:
    handle_metrics(context, std::move(then));
    break;
  case resource::console:
    handle_console(context, request.target, then);
    break;
  case resource::none:
  case resource::websocket:
    // Unreachable: `check` rejects the former, and the latter becomes a
    // session.
    break;
  }
}

} // namespace

void admit(api_context& context, const request& request,
           std::function<void(std::variant<session_slot_ptr, response>)> then) {
  if (context.actors.draining())
    return then(stopping());
  auto& id = request.target.path[1];
  context.actors.admit(
    id, client_key(request.client),
    [&context, id, then](const caf::expected<session_slot_ptr>& got) {
      if (!got)
        return then(to_answer(got.error()));
      context.actors.state(
        push_address::id(id), [got = *got, then](const bus_status& status) {
          if (status.state == bus_state::ready && status.takes_sessions)
            then(got);
          else
            then(to_answer(caf::error{errc::bus_away, status.reason}));
        });
    });
}

void handle(api_context& context, request request, timer_type& timer,
            response_handler then) {
  auto pushes = context.limits_pushes ? count_pushes(request) : 0;
  if (pushes == 0)
    return run(context, std::move(request), timer, std::move(then));
  auto& key = request.allowed.pusher;
  auto pusher = key.empty() ? client_key(request.client) : "key " + key;
  context.actors.spend(pusher, pushes,
                       [&context, request = std::move(request), &timer, then](
                         const caf::expected<caf::timespan>& wait) mutable {
                         if (wait && wait->count() > 0)
                           then(too_fast(*wait));
                         else
                           run(context, std::move(request), timer,
                               std::move(then));
                       });
}

} // namespace waybill::net
