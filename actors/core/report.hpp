#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <caf/meta/type_name.hpp>

#include "actors/core/node_metrics.hpp"
#include "actors/core/outcome.hpp"
#include "actors/core/ranking.hpp"
#include "actors/core/trace_event.hpp"

namespace waybill {

/// Answer of a node to a probe: it has sent all reports that were due.
struct settled {
  friend bool operator==(const settled&, const settled&) = default;
};

/// Details of a session.
struct session_info {
  /// The address of the client, as its node sees it.
  std::string peer;

  /// Age in seconds.
  uint64_t age = 0;

  /// Size of the send queue, in bytes of payload.
  uint64_t queue = 0;

  /// `websocket` or `events`; empty if an older node does not tell.
  std::string transport = {};

  /// The software of the client, as it names itself (RFC 9110, section 10.1.5);
  /// empty if it does not.
  std::string user_agent = {};

  std::vector<std::string> topics = {};

  friend bool operator==(const session_info&, const session_info&) = default;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, session_info& x) {
  return f(caf::meta::type_name("session_info"), x.peer, x.age, x.queue,
           x.transport, x.user_agent, x.topics);
}

/// Sessions of a node. Nodes older than decision 24 report their number first,
/// as `delivery_counts`, and then each session in a list without a total.
struct session_list {
  /// The number of sessions of the node; nothing in a list that adds to an
  /// earlier report.
  std::optional<uint64_t> total = {};

  std::vector<session_info> sessions = {};

  friend bool operator==(const session_list&, const session_list&) = default;
};

/// Report of a node, or of one of its sessions, on a push or a query.
struct report {
  /// Progress of a push, the end of it, or the answer to a query. A node
  /// without a session or a trace answers with `delivery_counts` of one node.
  using content_type = std::variant<delivery_counts, settled, session_list,
                                    trace_events, node_metrics, ranking>;

  /// The id of the push or query.
  std::string push;

  /// The node that waits for the report.
  std::string to;

  content_type content = {};

  /// The node that reports; set by the bus.
  std::string node = {};
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, report& x) {
  return f(caf::meta::type_name("report"), x.push, x.to, x.node);
}

} // namespace waybill
