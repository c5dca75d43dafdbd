#include "redis/node_message.hpp"

#include <optional>
#include <utility>
#include <variant>

#include "redis/members.hpp"
#include "redis/pack.hpp"

namespace waybill::redis {

namespace {

json json_of(const trace_event& event) {
  json result = {{"hop", to_string(event.type)}, {"at", event.at}};
  if (!event.push.empty())
    result["push"] = event.push;
  if (event.delivery > 0)
    result["delivery"] = event.delivery;
  if (!event.peer.empty())
    result["peer"] = event.peer;
  if (event.count > 0)
    result["count"] = event.count;
  if (!event.text.empty())
    result["text"] = event.text;
  if (!event.trace_id.empty())
    result["trace_id"] = event.trace_id;
  return result;
}

/// Returns nothing for a kind of event that this release does not know.
std::optional<trace_event> to_trace_event(const json& map) {
  auto name = text_in(map, "hop");
  for (size_t i = 0; i <= static_cast<size_t>(trace_event::last_kind); ++i)
    if (auto kind = static_cast<trace_event::kind>(i); to_string(kind) == name)
      return trace_event{"",
                         kind,
                         integer_in(map, "at"),
                         text_in(map, "push"),
                         number_in(map, "delivery"),
                         text_in(map, "peer"),
                         number_in(map, "count"),
                         text_in(map, "text"),
                         text_in(map, "trace_id")};
  return std::nullopt;
}

json json_of(const session_info& session) {
  json result{
    {"peer", session.peer}, {"age", session.age}, {"queue", session.queue}};
  if (!session.transport.empty())
    result["transport"] = session.transport;
  if (!session.user_agent.empty())
    result["user_agent"] = session.user_agent;
  if (!session.topics.empty())
    result["topics"] = session.topics;
  return result;
}

json json_of(const std::vector<ranking::address>& all) {
  auto result = json::array();
  for (auto& [name, sessions] : all)
    result.push_back({{"name", name}, {"sessions", sessions}});
  return result;
}

/// Adds the content of a report to its map.
struct content_writer {
  json& to;

  void operator()(const delivery_counts& counts) const {
    add_counts(to, counts);
  }

  void operator()(const settled&) const { to["settled"] = true; }

  void operator()(const session_list& list) const {
    if (list.total)
      add_counts(to, {1, *list.total});
    for (auto& session : list.sessions)
      to["details"].push_back(json_of(session));
  }

  void operator()(const trace_events& events) const {
    add_counts(to, {1});
    for (auto& event : events)
      to["trace"].push_back(json_of(event));
  }

  void operator()(const node_metrics& metrics) const {
    add_counts(to, {1});
    if (!metrics.version.empty())
      to["version"] = metrics.version;
    if (!metrics.values.empty())
      to["figures"] = metrics.values;
  }

  void operator()(const ranking& ranking) const {
    add_counts(to, {1});
    to["ids"] = json_of(ranking.ids);
    to["topics"] = json_of(ranking.topics);
    for (auto& [id, peer, bytes] : ranking.queues)
      to["queues"].push_back({{"id", id}, {"peer", peer}, {"bytes", bytes}});
  }
};

json json_of(const report& report) {
  json result = {{"push", report.push}};
  std::visit(content_writer{result}, report.content);
  return result;
}

session_list sessions_in(const json& map) {
  session_list result;
  if (number_in(map, "nodes") > 0)
    result.total = number_in(map, "sessions");
  for (auto& session : part_in(map, "details"))
    result.sessions.push_back(
      {text_in(session, "peer"), number_in(session, "age"),
       number_in(session, "queue"), text_in(session, "transport"),
       text_in(session, "user_agent"), texts_in(session, "topics")});
  return result;
}

trace_events events_in(const json& map) {
  trace_events result;
  for (auto& event : part_in(map, "trace"))
    if (auto known = to_trace_event(event))
      result.push_back(*std::move(known));
  return result;
}

node_metrics metrics_in(const json& map) {
  node_metrics result{text_in(map, "version"), {}};
  for (auto& [name, value] : part_in(map, "figures").items())
    if (value.is_number_unsigned())
      result.values[name] = value.get<uint64_t>();
  return result;
}

std::vector<ranking::address> addresses_in(const json& map, const char* name) {
  std::vector<ranking::address> result;
  for (auto& address : part_in(map, name))
    result.push_back(
      {text_in(address, "name"), number_in(address, "sessions")});
  return result;
}

ranking ranking_in(const json& map) {
  ranking result{addresses_in(map, "ids"), addresses_in(map, "topics"), {}};
  for (auto& queue : part_in(map, "queues"))
    result.queues.push_back({text_in(queue, "id"), text_in(queue, "peer"),
                             number_in(queue, "bytes")});
  return result;
}

/// Returns the content of a report: its members tell of which type it is.
report::content_type content_in(const json& map) {
  if (flag_in(map, "settled"))
    return settled{};
  if (auto list = sessions_in(map); !list.sessions.empty())
    return list;
  if (auto events = events_in(map); !events.empty())
    return events;
  if (auto metrics = metrics_in(map); metrics != node_metrics{})
    return metrics;
  if (auto found = ranking_in(map); found != ranking{})
    return found;
  return counts_in(map);
}

} // namespace

std::string encode(const node_message& message) {
  if (!message.probe.empty())
    return pack(
      {{"kind", "probe"}, {"node", message.node}, {"push", message.probe}});
  json reports = json::array();
  for (auto& report : message.reports)
    reports.push_back(json_of(report));
  return pack({{"kind", "reports"},
               {"node", message.node},
               {"reports", std::move(reports)}});
}

caf::expected<node_message> decode_node_message(std::string_view bytes) {
  auto all = unpack(bytes);
  if (!all.is_object() || !all.contains("kind"))
    return wrong("not a message between nodes");
  auto kind = text_in(all, "kind");
  if (kind != "reports" && kind != "probe")
    return caf::error{another_kind};
  node_message result{text_in(all, "node")};
  if (result.node.empty())
    return wrong("a message of no node");
  if (kind == "probe")
    result.probe = text_in(all, "push");
  else
    for (auto& report : part_in(all, "reports"))
      result.reports.push_back(
        {text_in(report, "push"), "", content_in(report), result.node});
  return result;
}

} // namespace waybill::redis
