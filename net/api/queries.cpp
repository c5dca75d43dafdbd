#include "net/api/queries.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <spdlog/fmt/chrono.h>

#include "net/api/push.hpp"

namespace waybill::net {

namespace {

push make_question(api_context& context, push::kind kind,
                   std::chrono::milliseconds wait) {
  push result{context.actors.next_push_id()};
  result.type = kind;
  result.wait = wait;
  return result;
}

/// Publishes a query, and answers with the result of `show` for its outcome.
template <class Show>
void ask(api_context& context, const push_address& address, push question,
         Show show, const exchange_ptr& exchange) {
  context.actors.publish(address, std::move(question),
                         [show, exchange](const caf::expected<outcome>& found) {
                           exchange->respond(
                             found ? response{http::status::ok, show(*found)}
                                   : to_answer(found.error()));
                         });
}

/// Formats microseconds since 1970 (RFC 3339).
std::string print_time(int64_t at) {
  constexpr int64_t second = 1'000'000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z",
                     fmt::gmtime(static_cast<std::time_t>(at / second)),
                     at % second);
}

/// Adds the details of a trace event.
void add_details(json& to, const trace_event& event) {
  to["node"] = event.node;
  if (!event.peer.empty())
    to["peer"] = event.peer;
  switch (event.type) {
  case trace_event::kind::left:
    to["why"] = event.text;
    break;
  case trace_event::kind::taken:
    to["bytes"] = event.count;
    to["receipt"] = event.text;
    break;
  case trace_event::kind::answered:
    to["status"] = event.count;
    break;
  case trace_event::kind::delivered:
    to["sessions"] = event.count;
    break;
  case trace_event::kind::joined:
  case trace_event::kind::written:
  case trace_event::kind::received:
  case trace_event::kind::dropped:
  case trace_event::kind::forgotten:
    break;
  }
}

/// Builds the response to a trace: `pushes` and `sessions`.
json print_trace(const std::string& id, const outcome& found) {
  auto all = found.trace;
  std::stable_sort(
    all.begin(), all.end(),
    [](const trace_event& x, const trace_event& y) { return x.at < y.at; });
  json result{{"id", id},
              {"pushes", json::array()},
              {"sessions", json::array()},
              {"nodes", found.counts.nodes},
              {"unknown", found.unknown}};
  struct group {
    size_t position;
    int64_t begin;
  };
  std::map<std::string, group> groups;
  for (auto& event : all) {
    json step{{"hop", to_string(event.type)}};
    if (event.type == trace_event::kind::joined
        || event.type == trace_event::kind::left
        || event.type == trace_event::kind::forgotten) {
      step["at"] = print_time(event.at);
      add_details(step, event);
      result["sessions"].push_back(std::move(step));
      continue;
    }
    // A push of the open channel has no id; each node numbers it.
    auto name = event.push.empty()
                  ? event.node + '#' + std::to_string(event.delivery)
                  : event.push;
    auto& pushes = result["pushes"];
    auto [i, is_new] = groups.emplace(name, group{pushes.size(), event.at});
    if (is_new) {
      json first;
      if (!event.push.empty())
        first["push"] = event.push;
      first["at"] = print_time(event.at);
      first["hops"] = json::array();
      pushes.push_back(std::move(first));
    }
    step["after"] = event.at - i->second.begin;
    add_details(step, event);
    pushes[i->second.position]["hops"].push_back(std::move(step));
  }
  return result;
}

} // namespace

void handle_presence(api_context& context, const presence_request& request,
                     const exchange_ptr& exchange) {
  std::string id{request.address.name()};
  if (!request.detail)
    return context.actors.presence(
      request.address, [id, exchange](const caf::expected<uint64_t>& nodes) {
        exchange->respond(
          nodes
            ? response{http::status::ok,
                       {{"id", id}, {"online", *nodes > 0}, {"nodes", *nodes}}}
            : to_answer(nodes.error()));
      });
  ask(
    context, request.address,
    make_question(context, push::kind::inspect, request.wait),
    [id](const outcome& found) -> json {
      auto sessions = json::array();
      for (auto& info : found.details)
        sessions.push_back({{"node", info.node},
                            {"peer", info.peer},
                            {"age", info.age},
                            {"queue", info.queue}});
      auto online = !sessions.empty() || found.unknown > 0;
      return {{"id", id},
              {"online", online},
              {"nodes", found.counts.nodes},
              {"sessions", std::move(sessions)},
              {"unknown", found.unknown}};
    },
    exchange);
}

void handle_trace(api_context& context, const trace_request& request,
                  const exchange_ptr& exchange) {
  std::string id{request.address.name()};
  auto question = make_question(context, push::kind::trace, request.wait);
  question.body = make_text(id);
  ask(
    context, push_address::nodes(), std::move(question),
    [id](const outcome& found) { return print_trace(id, found); }, exchange);
}

void handle_cluster(api_context& context, const stats_request& request,
                    const exchange_ptr& exchange) {
  ask(
    context, push_address::nodes(),
    make_question(context, push::kind::metrics, request.wait),
    [](const outcome& found) -> json {
      auto nodes = json::array();
      for (auto& [name, figures] : found.metrics) {
        json node{{"node", name}};
        if (!figures.version.empty())
          node["version"] = figures.version;
        for (auto& [figure, value] : figures.values)
          node[figure] = value;
        nodes.push_back(std::move(node));
      }
      return {{"nodes", std::move(nodes)}, {"unknown", found.unknown}};
    },
    exchange);
}

} // namespace waybill::net
