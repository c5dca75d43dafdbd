#include "net/api/queries.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <spdlog/fmt/chrono.h>

#include "net/api/push.hpp"

namespace waybill::net {

namespace {

/// Asks nodes, and answers with the result of `show` for their answers.
template <class Show>
void ask(api_context& context, const push_address& address, query question,
         std::chrono::milliseconds wait, Show show,
         const exchange_ptr& exchange) {
  context.actors.query(
    address, std::move(question), wait,
    [show, exchange](const caf::expected<query_result>& found) {
      exchange->respond(found ? response{http::status::ok, show(*found)}
                              : to_answer(found.error()));
    });
}

/// Returns the answers of one type, each with its node.
template <class T>
std::vector<std::pair<std::string, T>> answers_in(const query_result& found) {
  std::vector<std::pair<std::string, T>> result;
  for (auto& report : found.reports)
    if (auto answer = std::get_if<T>(&report.content))
      result.emplace_back(report.node, *answer);
  return result;
}

/// Returns the sessions of an id.
json print_sessions(const query_result& found) {
  auto result = json::array();
  for (auto& [node, list] : answers_in<session_list>(found))
    for (auto& info : list.sessions) {
      json session{{"node", node},
                   {"peer", info.peer},
                   {"age", info.age},
                   {"queue", info.queue}};
      if (!info.transport.empty()) {
        session["transport"] = info.transport;
        session["topics"] = info.topics;
      }
      if (!info.user_agent.empty())
        session["user_agent"] = info.user_agent;
      result.push_back(std::move(session));
    }
  return result;
}

/// Returns the number of sessions of a topic for each node.
json print_members(const query_result& found) {
  auto result = json::array();
  for (auto& [node, counts] : answers_in<delivery_counts>(found))
    if (counts.sessions > 0)
      result.push_back({{"node", node}, {"sessions", counts.sessions}});
  return result;
}

/// Builds the response to a change that all nodes of an address make.
/// @param needs_session is set if the change concerns no session that comes
///        later.
response to_change_response(const query_result& found, bool needs_session) {
  delivery_counts sum;
  for (auto& [node, counts] : answers_in<delivery_counts>(found))
    sum += counts;
  response result{http::status::ok};
  if (found.unknown > 0)
    result = error_response(http::status::gateway_timeout, "unanswered",
                            "a node did not answer in time; try again");
  else if (sum.sessions == 0 && needs_session)
    result = error_response(http::status::not_found, "nobody",
                            "nobody holds this address, and no ttl was set");
  result.body["nodes"] = sum.nodes;
  result.body["sessions"] = sum.sessions;
  if (found.unknown > 0)
    result.body["unknown"] = found.unknown;
  return result;
}

/// Returns the largest addresses of all nodes.
/// @param sums how many sessions each has, as far as nodes tell.
/// @param name of the member that names them.
json print_largest(const std::map<std::string, uint64_t>& sums,
                   const char* name) {
  std::vector<ranking::address> largest;
  for (auto& [address, sessions] : sums)
    add_to(largest, address, sessions);
  auto result = json::array();
  for (auto& [address, sessions] : largest)
    result.push_back({{name, address}, {"sessions", sessions}});
  return result;
}

json print_ranking(const query_result& found) {
  std::map<std::string, uint64_t> ids, topics;
  std::multimap<uint64_t, json, std::greater<>> queues;
  for (auto& [node, own] : answers_in<ranking>(found)) {
    for (auto& [id, sessions] : own.ids)
      ids[id] += sessions;
    for (auto& [topic, sessions] : own.topics)
      topics[topic] += sessions;
    for (auto& [id, peer, bytes] : own.queues)
      queues.emplace(
        bytes,
        json{{"node", node}, {"id", id}, {"peer", peer}, {"bytes", bytes}});
  }
  json result{{"nodes", found.nodes},
              {"unknown", found.unknown},
              {"ids", print_largest(ids, "id")},
              {"topics", print_largest(topics, "topic")},
              {"queues", json::array()}};
  for (auto& [bytes, queue] : queues)
    if (result["queues"].size() < ranking::max_size)
      result["queues"].push_back(queue);
  return result;
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
    if (!event.trace_id.empty())
      to["trace_id"] = event.trace_id;
    break;
  case trace_event::kind::answered:
    to["status"] = event.count;
    break;
  case trace_event::kind::delivered:
    to["sessions"] = event.count;
    break;
  case trace_event::kind::joined:
    if (!event.text.empty())
      to["transport"] = event.text;
    break;
  case trace_event::kind::written:
  case trace_event::kind::received:
  case trace_event::kind::dropped:
  case trace_event::kind::forgotten:
    break;
  }
}

/// Rounds a value to six digits.
double shorten(double value) {
  if (value == 0)
    return 0;
  auto scale = std::pow(10, 5 - std::floor(std::log10(std::abs(value))));
  return std::round(value * scale) / scale;
}

/// Returns the trace events of all nodes, the oldest first.
trace_events events_in(const query_result& found) {
  trace_events result;
  for (auto& [node, events] : answers_in<trace_events>(found))
    for (auto& event : events)
      result.emplace_back(event).node = node;
  std::stable_sort(
    result.begin(), result.end(),
    [](const trace_event& x, const trace_event& y) { return x.at < y.at; });
  return result;
}

/// Builds the response to a trace: `pushes` and `sessions`.
json print_trace(const std::string& id, const query_result& found) {
  json result{{"id", id},
              {"pushes", json::array()},
              {"sessions", json::array()},
              {"nodes", found.nodes},
              {"unknown", found.unknown}};
  struct group {
    size_t position;
    int64_t begin;
  };
  std::map<std::string, group> groups;
  for (auto& event : events_in(found)) {
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
  auto& address = request.address;
  auto kind = address.is_id() ? "id" : "topic";
  json subject{{kind, address.name()}};
  if (!request.detail)
    return context.actors.presence(
      address, [subject, exchange](const caf::expected<uint64_t>& nodes) {
        if (!nodes)
          return exchange->respond(to_answer(nodes.error()));
        response result{http::status::ok, subject};
        result.body["online"] = *nodes > 0;
        result.body["nodes"] = *nodes;
        exchange->respond(std::move(result));
      });
  auto type = address.is_id() ? query::kind::sessions : query::kind::members;
  ask(
    context, address, {type}, request.wait,
    [subject, type](const query_result& found) -> json {
      auto sessions = type == query::kind::sessions ? print_sessions(found)
                                                    : print_members(found);
      auto result = subject;
      result["online"] = !sessions.empty() || found.unknown > 0;
      result["nodes"] = found.nodes;
      result["sessions"] = std::move(sessions);
      result["unknown"] = found.unknown;
      return result;
    },
    exchange);
}

void handle_mailbox(api_context& context, const mailbox_request& request,
                    const exchange_ptr& exchange) {
  json subject{{"id", request.address.name()}};
  if (request.clears)
    return context.actors.clear_inbox(
      request.address, [subject, exchange](const caf::expected<uint64_t>& x) {
        if (!x)
          return exchange->respond(to_answer(x.error()));
        response result{http::status::ok, subject};
        result.body["removed"] = *x;
        exchange->respond(std::move(result));
      });
  context.actors.summarize_inbox(
    request.address,
    [subject, exchange](const caf::expected<inbox_summary>& x) {
      if (!x)
        return exchange->respond(to_answer(x.error()));
      response result{http::status::ok, subject};
      result.body["entries"] = x->entries;
      if (x->entries > 0)
        result.body["oldest"] = double(x->age.count()) / 1000;
      exchange->respond(std::move(result));
    });
}

void handle_topic(api_context& context, const topic_request& request,
                  const exchange_ptr& exchange) {
  query change{request.type, std::string{request.topic.name()}};
  change.ttl = request.ttl;
  auto needs_session
    = request.type == query::kind::subscribe && request.ttl.count() == 0;
  context.actors.query(
    request.address, std::move(change), request.wait,
    [needs_session, exchange](const caf::expected<query_result>& found) {
      exchange->respond(found ? to_change_response(*found, needs_session)
                              : to_answer(found.error()));
    });
}

void handle_forget(api_context& context, const push_request& request,
                   const exchange_ptr& exchange) {
  context.actors.query(
    request.address, {query::kind::forget}, request.options.wait,
    [exchange](const caf::expected<query_result>& found) {
      exchange->respond(found ? to_change_response(*found, false)
                              : to_answer(found.error()));
    });
}

void handle_trace(api_context& context, const trace_request& request,
                  const exchange_ptr& exchange) {
  std::string id{request.address.name()};
  ask(
    context, push_address::nodes(), {query::kind::trace, id}, request.wait,
    [id](const query_result& found) { return print_trace(id, found); },
    exchange);
}

void handle_ranking(api_context& context, const ranking_request& request,
                    const exchange_ptr& exchange) {
  ask(context, push_address::nodes(), {query::kind::ranking}, request.wait,
      &print_ranking, exchange);
}

void handle_history(api_context& context, const exchange_ptr& exchange) {
  context.actors.history(
    [&context, exchange](const figure_history::table& found) {
      json result{{"node", context.node_name},
                  {"interval", figure_history::interval.count()},
                  {"times", json::array()},
                  {"figures", json::object()},
                  {"log", json::array()}};
      for (auto& time : found.times)
        result["times"].push_back(
          std::chrono::floor<std::chrono::seconds>(time.time_since_epoch())
            .count());
      for (auto& [name, values] : found.figures)
        for (auto value : values)
          result["figures"][name].push_back(
            std::isnan(value) ? json{} : json(shorten(value)));
      for (auto& line : context.log())
        result["log"].push_back(json::parse(line));
      exchange->respond({http::status::ok, std::move(result)});
    });
}

void handle_cluster(api_context& context, const stats_request& request,
                    const exchange_ptr& exchange) {
  ask(
    context, push_address::nodes(), {query::kind::metrics}, request.wait,
    [](const query_result& found) -> json {
      std::map<std::string, node_metrics> all;
      for (auto& [node, metrics] : answers_in<node_metrics>(found))
        all[node] = metrics;
      auto nodes = json::array();
      for (auto& [name, metrics] : all) {
        json node{{"node", name}};
        if (!metrics.version.empty())
          node["version"] = metrics.version;
        for (auto& [figure, value] : metrics.values)
          node[figure] = value;
        nodes.push_back(std::move(node));
      }
      return {{"nodes", std::move(nodes)}, {"unknown", found.unknown}};
    },
    exchange);
}

} // namespace waybill::net
