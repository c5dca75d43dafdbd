#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

// The table of all metrics that a node counts: their names in `/stats`, and how
// `/metrics` presents them.

namespace waybill {

/// Counter or gauge of a node, as `metric_table` describes it.
enum class metric : uint8_t {
  sessions,
  event_sessions,
  addresses,
  joins,
  event_joins,
  first_joins,
  reconnect_joins,
  fallback_joins,
  deliveries,
  dropped_frames,
  queued_bytes,
  headroom,
  exported_spans,
  dropped_spans,
  shadow_pushes,
  shadow_deliveries,
  answers_200,
  answers_202,
  answers_404,
  answers_422,
  answers_500,
  answers_503,
  answers_504,
  answers_507,
  kept_pushes,
  confirmed_pushes,
  mailbox_read,
  mailbox_milliseconds,
  slow_clients,
  flooding_clients,
  replaced_sessions,
  kicked_sessions,
  failed_sessions,
  node_queue_closes,
  over_max_sessions,
  over_max_sessions_per_id,
  over_max_sessions_per_peer,
  over_max_connection_rate,
  over_max_upgrade_rate,
  over_max_push_rate,
  over_max_request_memory,
  refused_requests,
  refused_tokens,
  refused_keys,
  refused_origins,
  tls_failures,
  proxy_failures,
  silent_connections,
  refused_connections,
  unread_answers,
  pushes,
  busy_pushes,
  bus_lag_microseconds,
  nodes,
  silent_nodes,
  unreadable_mailboxes,
  redis_evicts,
  bad_messages,
  unknown_kinds,
  servers_away,
  name_clashes,
  links_lost,
  gap_milliseconds,
  gap_addresses,
  slots_moved,
  upstream_dropped,
  /// The number of metrics.
  end,
};

/// Histogram of a node, as `latency_table` describes it.
enum class latency : uint8_t {
  written,
  received,
  lag,
  /// The number of histograms.
  end,
};

/// Room whose actors or connections count a metric.
enum class room : uint8_t { actors, net, redis };

enum class metric_kind : uint8_t {
  counter,
  gauge,
  /// Gauge whose largest value counts where several actors have one.
  peak,
  /// Pair of metrics: the count and the sum of some values.
  summary,
  histogram,
};

/// One or more metrics that are one for Prometheus.
struct metric_family {
  const char* name;
  metric_kind kind;
  const char* help;

  /// Distinguishes the metrics of the family; null for a single one.
  const char* label = nullptr;

  /// Factor that converts a counted value to the unit of the family.
  double scale = 1;
};

/// Description of a metric.
struct metric_info {
  metric id;

  /// Name in `/stats`.
  const char* json_name;

  metric_family family;
  room feeder;

  /// Value of the label; in a summary `count` or `sum`.
  const char* value = nullptr;

  /// Set if `/stats` shows the metric only once it has been counted.
  bool optional = false;
};

/// Description of a histogram.
struct latency_info {
  latency id;

  /// Prefix of its names in `/stats`.
  const char* json_name;

  metric_family family;
  const char* value = nullptr;
};

/// Descriptions of all metrics. Those of one family are adjacent.
inline constexpr auto metric_table = [] {
  using enum metric;
  using enum metric_kind;
  using enum room;
  constexpr metric_family open{"waybill_sessions", gauge,
                               "Open sessions on the node, by transport.",
                               "transport"};
  constexpr metric_family joined{"waybill_joins_total", counter,
                                 "Sessions opened since start, by transport.",
                                 "transport"};
  constexpr metric_family told{
    "waybill_client_joins_total", counter,
    "Sessions opened since start, by what the client says brings it.", "via"};
  constexpr metric_family answers{"waybill_push_answers_total", counter,
                                  "HTTP pushes, by response status.", "status"};
  constexpr metric_family ages{
    "waybill_mailbox_age_seconds", summary,
    "Age of pushes when sessions read them from a mailbox.", nullptr, 1e-3};
  constexpr metric_family closed{"waybill_closed_sessions_total", counter,
                                 "Sessions closed by the node, by reason.",
                                 "reason"};
  constexpr metric_family over{
    "waybill_over_limit_total", counter,
    "Refusals because of a limit, by the option that sets it.", "option"};
  constexpr metric_family refused{
    "waybill_refused_total", counter,
    "Requests rejected before processing, by reason.", "reason"};
  constexpr metric_family broken{
    "waybill_broken_connections_total", counter,
    "Connections closed for a failure, silence or lack of descriptors, by "
    "reason.",
    "reason"};
  return std::to_array<metric_info>({
    // `/stats` shows all sessions and joins, `/metrics` those of WebSockets.
    {sessions, "sessions", open, actors, "websocket"},
    {event_sessions, "event_sessions", open, actors, "events"},
    {addresses,
     "addresses",
     {"waybill_addresses", gauge,
      "Ids and topics that have a session on the node."},
     actors},
    {joins, "joins", joined, actors, "websocket"},
    {event_joins, "event_joins", joined, actors, "events"},
    {first_joins, "first_joins", told, net, "first"},
    {reconnect_joins, "reconnect_joins", told, net, "reconnect"},
    {fallback_joins, "fallback_joins", told, net, "fallback"},
    {deliveries,
     "deliveries",
     {"waybill_deliveries_total", counter, "Pushes handed to sessions."},
     actors},
    {dropped_frames,
     "dropped_frames",
     {"waybill_dropped_frames_total", counter,
      "Frames lost because their session ended or its queue was full."},
     actors},
    {queued_bytes,
     "queued_bytes",
     {"waybill_queued_bytes", gauge,
      "Memory used by the send queues of sessions, in bytes."},
     actors},
    {headroom,
     "headroom",
     {"waybill_headroom", gauge,
      "Sessions a second that the node would take now."},
     actors},
    {exported_spans,
     "exported_spans",
     {"waybill_exported_spans_total", counter,
      "Spans that the collector of --otlp has taken."},
     actors},
    {dropped_spans,
     "dropped_spans",
     {"waybill_dropped_spans_total", counter,
      "Spans lost because the collector of --otlp was away or refused them."},
     actors},
    {shadow_pushes,
     "shadow_pushes",
     {"waybill_shadow_pushes_total", counter,
      "Pushes of the open channel that --shadow has read."},
     actors},
    {shadow_deliveries,
     "shadow_deliveries",
     {"waybill_shadow_deliveries_total", counter,
      "Sessions of the node that these pushes would have reached."},
     actors},
    {answers_200, "answers_200", answers, net, "200", true},
    {answers_202, "answers_202", answers, net, "202", true},
    {answers_404, "answers_404", answers, net, "404", true},
    {answers_422, "answers_422", answers, net, "422", true},
    {answers_500, "answers_500", answers, net, "500", true},
    {answers_503, "answers_503", answers, net, "503", true},
    {answers_504, "answers_504", answers, net, "504", true},
    {answers_507, "answers_507", answers, net, "507", true},
    {kept_pushes,
     "kept_pushes",
     {"waybill_kept_pushes_total", counter, "HTTP pushes stored in a mailbox."},
     net},
    {confirmed_pushes,
     "confirmed_pushes",
     {"waybill_confirmed_pushes_total", counter,
      "Pushes removed from a mailbox because a client confirmed them."},
     actors},
    {mailbox_read, "mailbox_read", ages, actors, "count"},
    {mailbox_milliseconds, "mailbox_milliseconds", ages, actors, "sum"},
    {slow_clients, "slow_clients", closed, actors, "slow"},
    {flooding_clients, "flooding_clients", closed, actors, "flooding"},
    {replaced_sessions, "replaced_sessions", closed, actors, "replaced"},
    {kicked_sessions, "kicked_sessions", closed, actors, "kicked"},
    {failed_sessions, "failed_sessions", closed, actors, "failed"},
    {node_queue_closes,
     "node_queue_closes",
     {"waybill_node_queue_closes_total", counter,
      "Slow sessions closed because all queues together used too much "
      "memory."},
     actors},
    {over_max_sessions, "over_max_sessions", over, actors, "max-sessions"},
    {over_max_sessions_per_id, "over_max_sessions_per_id", over, actors,
     "max-sessions-per-id"},
    {over_max_sessions_per_peer, "over_max_sessions_per_peer", over, actors,
     "max-sessions-per-peer"},
    {over_max_connection_rate, "over_max_connection_rate", over, net,
     "max-connection-rate"},
    {over_max_upgrade_rate, "over_max_upgrade_rate", over, net,
     "max-upgrade-rate"},
    {over_max_push_rate, "over_max_push_rate", over, actors, "max-push-rate"},
    {over_max_request_memory, "over_max_request_memory", over, net,
     "max-request-memory"},
    // `/stats` shows all refused requests, `/metrics` those of other reasons.
    {refused_requests, "refused_requests", refused, net, "other"},
    {refused_tokens, "refused_tokens", refused, net, "token"},
    {refused_keys, "refused_keys", refused, net, "key"},
    {refused_origins, "refused_origins", refused, net, "origin"},
    {tls_failures, "tls_failures", broken, net, "tls"},
    {proxy_failures, "proxy_failures", broken, net, "proxy"},
    {silent_connections, "silent_connections", broken, net, "silent"},
    {refused_connections, "refused_connections", broken, net, "descriptors"},
    {unread_answers, "unread_answers", broken, net, "unread"},
    {pushes,
     "pushes",
     {"waybill_bus_pushes_total", counter, "Pushes sent to Redis."},
     redis},
    {busy_pushes,
     "busy_pushes",
     {"waybill_bus_busy_pushes_total", counter,
      "Pushes refused because the node receives its own messages too late."},
     redis},
    {bus_lag_microseconds,
     "bus_lag_microseconds",
     {"waybill_bus_lag_seconds", peak,
      "Time that a message takes from the node through Redis and back.",
      nullptr, 1e-6},
     redis},
    {nodes,
     "nodes",
     {"waybill_bus_nodes", peak, "Nodes known to this node, including itself."},
     redis},
    {silent_nodes,
     "silent_nodes",
     {"waybill_bus_silent_nodes_total", counter,
      "Silent nodes that this node disconnected from Redis."},
     redis},
    {unreadable_mailboxes,
     "unreadable_mailboxes",
     {"waybill_bus_unreadable_mailboxes_total", counter,
      "Mailboxes whose key in Redis holds another type."},
     redis},
    {redis_evicts,
     "redis_evicts",
     {"waybill_redis_evicts", peak,
      "1 if Redis evicts mailboxes when its memory is full."},
     redis},
    {bad_messages,
     "bad_messages",
     {"waybill_bad_messages_total", counter,
      "Malformed messages, on any channel and in mailboxes."},
     redis},
    {unknown_kinds,
     "unknown_kinds",
     {"waybill_unknown_kinds_total", counter,
      "Messages between nodes of a kind that this release does not know."},
     redis},
    {servers_away,
     "servers_away",
     {"waybill_bus_servers_away", gauge,
      "Redis servers that the node cannot use now."},
     redis},
    {name_clashes,
     "name_clashes",
     {"waybill_name_clashes_total", counter,
      "Canaries of another node with the same name."},
     redis},
    {links_lost,
     "links_lost",
     {"waybill_links_lost_total", counter, "Times that the node lost Redis."},
     redis},
    {gap_milliseconds,
     "gap_milliseconds",
     {"waybill_gap_seconds_total", counter, "Time without Redis, in seconds.",
      nullptr, 0.001},
     redis},
    {gap_addresses,
     "gap_addresses",
     {"waybill_gap_addresses_total", counter,
      "Addresses that the node held when it lost Redis."},
     redis},
    {slots_moved,
     "slots_moved",
     {"waybill_slots_moved_total", counter,
      "Slots of a Redis Cluster that moved to another master."},
     redis},
    {upstream_dropped,
     "upstream_dropped",
     {"waybill_upstream_dropped_total", counter,
      "Messages of clients that Redis did not receive."},
     redis},
  });
}();

/// Descriptions of all histograms, which connections and loops feed.
inline constexpr auto latency_table = [] {
  using enum latency;
  using enum metric_kind;
  constexpr metric_family pushes{
    "waybill_push_seconds", histogram,
    "Time from an HTTP push to its response of 200, by receipt level.",
    "level"};
  return std::to_array<latency_info>({
    {written, "written", pushes, "written"},
    {received, "received", pushes, "received"},
    {lag,
     "lag",
     {"waybill_loop_lag_seconds", histogram,
      "Delay of a timer that each event loop sets every second."}},
  });
}();

/// Returns whether the row of each id in a table stands at its number.
template <class Info, size_t Size>
constexpr bool is_in_order(const std::array<Info, Size>& table) {
  for (size_t i = 0; i < Size; ++i)
    if (table[i].id != static_cast<decltype(Info::id)>(i))
      return false;
  return Size == static_cast<size_t>(decltype(Info::id)::end);
}

static_assert(is_in_order(metric_table),
              "metric_table needs a row for each metric, in the same order");
static_assert(is_in_order(latency_table),
              "latency_table needs a row for each latency, in the same order");

} // namespace waybill
