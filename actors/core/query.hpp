#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <caf/meta/type_name.hpp>

#include "actors/core/report.hpp"

namespace waybill {

/// Question or instruction to the nodes that hold an address. Each answers by
/// reports.
struct query {
  enum class kind : uint8_t {
    /// The sessions of the id that the query is sent to: a `session_list`.
    sessions,
    /// The trace of an id: `trace_events`. Sent to all nodes.
    trace,
    /// The metrics of the node: `node_metrics`. Sent to all nodes.
    metrics,
    /// The number of sessions of the address that the query is sent to:
    /// `delivery_counts`.
    members,
    /// Adds the sessions of the id that the query is sent to to a topic:
    /// `delivery_counts`, once every later push to the topic reaches them.
    subscribe,
    /// Removes the sessions of the id that the query is sent to from a topic:
    /// `delivery_counts`, once no later push to the topic reaches them.
    unsubscribe,
    /// Removes the last value of the topic that the query is sent to:
    /// `delivery_counts` of no session.
    forget,
    /// The largest ids, topics and queues of the node: `ranking`. Sent to all
    /// nodes.
    ranking,
  };

  static constexpr auto last_kind = kind::ranking;

  kind type = kind::sessions;

  /// The id whose trace is requested, or the name of the topic.
  std::string subject = {};

  /// The id of this query, unique in the cluster.
  std::string id = {};

  /// The node that waits for reports.
  std::string reply_to = {};

  /// Time for which sessions of the id that come later are added to the topic,
  /// too, up to `longest_ttl`; 0 for none.
  std::chrono::milliseconds ttl{0};
};

/// Returns whether a query changes the data that the bus keeps for the address.
inline bool changes_kept(const query& x) {
  return x.type == query::kind::unsubscribe || x.type == query::kind::forget
         || (x.type == query::kind::subscribe && x.ttl.count() > 0);
}

inline std::string to_string(query::kind x) {
  switch (x) {
  case query::kind::sessions:
    return "sessions";
  case query::kind::trace:
    return "trace";
  case query::kind::metrics:
    return "metrics";
  case query::kind::members:
    return "members";
  case query::kind::subscribe:
    return "subscribe";
  case query::kind::unsubscribe:
    return "unsubscribe";
  case query::kind::forget:
    return "forget";
  case query::kind::ranking:
    return "ranking";
  }
  return "unknown";
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, query& x) {
  return f(caf::meta::type_name("query"), x.type, x.subject, x.id, x.reply_to);
}

/// Result of a query.
struct query_result {
  /// Number of nodes that the query was sent to.
  uint64_t nodes = 0;

  /// Number of nodes that have not answered, or not completely.
  uint64_t unknown = 0;

  /// The answers, in the order of their arrival.
  std::vector<report> reports = {};
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, query_result& x) {
  return f(caf::meta::type_name("query_result"), x.nodes, x.unknown);
}

} // namespace waybill
