#include "net/inquiry.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <spdlog/fmt/chrono.h>

#include "net/push.hpp"

namespace waybill::net {

namespace {

push make_question(api_context& context, const request& what,
                   push::purpose purpose) {
  push result{context.actors.next_push_id()};
  result.what = purpose;
  result.wait = *parse_duration(parameter(what, "wait", "5s"));
  return result;
}

/// Asks, and answers what `show` makes of the outcome.
template <class Show>
void ask(api_context& context, const push_address& where, push question,
         Show show, answer_handler then) {
  context.actors.publish(where, std::move(question),
                         [show, then](const caf::expected<outcome>& found) {
                           if (found)
                             then({http::status::ok, show(*found)});
                           else
                             then(to_answer(found.error()));
                         });
}

/// Prints microseconds since 1970 (RFC 3339).
std::string print_time(int64_t at) {
  constexpr int64_t second = 1'000'000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z",
                     fmt::gmtime(static_cast<std::time_t>(at / second)),
                     at % second);
}

/// Adds what a hop tells besides what and when.
void add_details(json& to, const hop& what) {
  to["node"] = what.node;
  if (!what.peer.empty())
    to["peer"] = what.peer;
  switch (what.what) {
  case hop::kind::left:
    to["why"] = what.text;
    break;
  case hop::kind::taken:
    to["bytes"] = what.count;
    to["receipt"] = what.text;
    break;
  case hop::kind::answered:
    to["status"] = what.count;
    break;
  case hop::kind::delivered:
    to["sessions"] = what.count;
    break;
  case hop::kind::joined:
  case hop::kind::written:
  case hop::kind::received:
  case hop::kind::dropped:
  case hop::kind::forgotten:
    break;
  }
}

/// Makes `pushes` and `sessions` of what the nodes know.
json print_trace(const std::string& id, const outcome& found) {
  auto all = found.trace;
  std::stable_sort(all.begin(), all.end(),
                   [](const hop& x, const hop& y) { return x.at < y.at; });
  json result{{"id", id},
              {"pushes", json::array()},
              {"sessions", json::array()},
              {"nodes", found.counts.nodes},
              {"unknown", found.unknown}};
  struct group {
    size_t place;
    int64_t begin;
  };
  std::map<std::string, group> groups;
  for (auto& each : all) {
    json step{{"hop", to_string(each.what)}};
    if (each.what == hop::kind::joined || each.what == hop::kind::left
        || each.what == hop::kind::forgotten) {
      step["at"] = print_time(each.at);
      add_details(step, each);
      result["sessions"].push_back(std::move(step));
      continue;
    }
    // What came on the open channel has no name; each node numbers it.
    auto name = each.push.empty()
                  ? each.node + '#' + std::to_string(each.delivery)
                  : each.push;
    auto& pushes = result["pushes"];
    auto [i, is_new] = groups.emplace(name, group{pushes.size(), each.at});
    if (is_new) {
      json first;
      if (!each.push.empty())
        first["push"] = each.push;
      first["at"] = print_time(each.at);
      first["hops"] = json::array();
      pushes.push_back(std::move(first));
    }
    step["after"] = each.at - i->second.begin;
    add_details(step, each);
    pushes[i->second.place]["hops"].push_back(std::move(step));
  }
  return result;
}

} // namespace

void handle_presence(api_context& context, const request& what,
                     answer_handler then) {
  auto& id = what.where.path[1];
  auto where = push_address::id(id);
  if (parameter(what, "detail", "0") == "0")
    return context.actors.presence(
      where, [id, then](const caf::expected<uint64_t>& nodes) {
        if (!nodes)
          then(to_answer(nodes.error()));
        else
          then({http::status::ok,
                {{"id", id}, {"online", *nodes > 0}, {"nodes", *nodes}}});
      });
  ask(
    context, where, make_question(context, what, push::purpose::inspect),
    [id](const outcome& found) -> json {
      auto sessions = json::array();
      for (auto& each : found.details)
        sessions.push_back({{"node", each.node},
                            {"peer", each.peer},
                            {"age", each.age},
                            {"queue", each.queue}});
      auto online = !sessions.empty() || found.unknown > 0;
      return {{"id", id},
              {"online", online},
              {"nodes", found.counts.nodes},
              {"sessions", std::move(sessions)},
              {"unknown", found.unknown}};
    },
    then);
}

void handle_trace(api_context& context, const request& what,
                  answer_handler then) {
  auto& id = what.where.path[1];
  auto question = make_question(context, what, push::purpose::trace);
  question.body = make_text(id);
  ask(
    context, push_address::nodes(), std::move(question),
    [id](const outcome& found) { return print_trace(id, found); },
    std::move(then));
}

void handle_cluster(api_context& context, const request& what,
                    answer_handler then) {
  ask(
    context, push_address::nodes(),
    make_question(context, what, push::purpose::figures),
    [](const outcome& found) -> json {
      auto nodes = json::array();
      for (auto& [name, figures] : found.figures) {
        json node{{"node", name}};
        if (!figures.version.empty())
          node["version"] = figures.version;
        for (auto& [figure, value] : figures.values)
          node[figure] = value;
        nodes.push_back(std::move(node));
      }
      return {{"nodes", std::move(nodes)}, {"unknown", found.unknown}};
    },
    std::move(then));
}

} // namespace waybill::net
