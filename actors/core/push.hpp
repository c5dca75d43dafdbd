#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <caf/meta/type_name.hpp>

#include "actors/core/address.hpp"
#include "actors/core/payload.hpp"
#include "actors/core/trace_event.hpp"

namespace waybill {

/// Progress of a push, and the level up to which its pusher wants a receipt.
enum class receipt_level : uint8_t {
  /// A node holds a session for the push.
  routed,
  /// The socket took its bytes.
  written,
  /// The client's WebSocket stack has read its bytes.
  received,
};

inline std::string to_string(receipt_level x) {
  switch (x) {
  case receipt_level::routed:
    return "routed";
  case receipt_level::written:
    return "written";
  case receipt_level::received:
    return "received";
  }
  return "unknown";
}

/// Converts a number to a level, if it is valid.
inline std::optional<receipt_level> to_receipt_level(uint64_t x) {
  if (x > static_cast<uint64_t>(receipt_level::received))
    return std::nullopt;
  return static_cast<receipt_level>(x);
}

/// Maximum `ttl` of a push.
constexpr auto longest_ttl = std::chrono::hours{365 * 24};

/// One message to an address.
struct push {
  enum class kind : uint8_t {
    /// Delivers `body` to the clients.
    message,
    /// Closes the sessions.
    kick,
    /// Requests a `session_info` from each session.
    inspect,
    /// Announces that a newer session owns the id.
    claim,
    /// Requests the trace of the id in `body` from each node.
    trace,
    /// Requests the metrics of each node.
    metrics,
  };

  /// The id of this push, unique in the cluster.
  std::string id;

  /// The content for the clients.
  payload body = {};

  kind type = kind::message;

  /// The level up to which sessions report.
  receipt_level want = receipt_level::routed;

  /// The node that waits for reports; empty for none.
  std::string reply_to = {};

  /// Time for which the mailbox keeps the push unless a client confirms it, up
  /// to `longest_ttl`; 0 for a push that is not kept.
  std::chrono::milliseconds ttl{0};

  /// The mailbox entry of the push; empty if it is not kept.
  std::string entry = {};

  /// The number of a claim, larger than that of any older claim.
  uint64_t claim = 0;

  /// The pusher's Idempotency-Key. Only the bus uses it.
  std::string key = {};

  /// Time for which the pusher waits. Only the bus uses it, for other pushes of
  /// the same `key`.
  std::chrono::milliseconds wait{0};
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, push& x) {
  return f(caf::meta::type_name("push"), x.id);
}

/// Returns whether a push only requests reports.
inline bool is_query(const push& x) {
  return x.type == push::kind::inspect || x.type == push::kind::trace
         || x.type == push::kind::metrics;
}

/// Returns whether a push needs more than the answer of the bus.
inline bool needs_receipt(const push& x) {
  return x.want != receipt_level::routed || !x.key.empty() || is_query(x);
}

/// Returns a string that is equal for pushes with equal requests, to detect an
/// idempotency key that is reused for another one.
/// @param address any unique name of the address.
inline std::string request_fingerprint(const std::string& address,
                                       const push& push) {
  auto result = address + '\n';
  result += push.body.type() == payload::format::text ? 't' : 'b';
  result += push.body.bytes();
  return result;
}

/// Numbers of nodes and sessions that a push has reached. Reports of parts add
/// up.
struct delivery_counts {
  /// Nodes that have reported how many sessions they hold for the push.
  uint64_t nodes = 0;

  /// Sessions that the push goes to.
  uint64_t sessions = 0;

  /// Sessions whose socket has taken the push.
  uint64_t written = 0;

  /// Sessions whose client has read the push.
  uint64_t received = 0;

  /// Sessions that ended before they reached the requested level.
  uint64_t lost = 0;

  /// Sessions that dropped the push because their clients read too slowly.
  uint64_t dropped = 0;

  delivery_counts& operator+=(const delivery_counts& x) {
    nodes += x.nodes;
    sessions += x.sessions;
    written += x.written;
    received += x.received;
    lost += x.lost;
    dropped += x.dropped;
    return *this;
  }

  friend bool operator==(const delivery_counts&, const delivery_counts&)
    = default;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, delivery_counts& x) {
  return f(caf::meta::type_name("delivery_counts"), x.nodes, x.sessions,
           x.written, x.received, x.lost, x.dropped);
}

/// Counters and gauges by name, as `GET /stats` shows them.
using counters = std::map<std::string, uint64_t>;

/// Metrics of a node.
struct node_metrics {
  /// The version of Waybill on the node; empty if not reported.
  std::string version;

  counters values;

  friend bool operator==(const node_metrics&, const node_metrics&) = default;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, node_metrics& x) {
  return f(caf::meta::type_name("node_metrics"), x.version, x.values);
}

/// Details of a session.
struct session_info {
  /// The node of the session.
  std::string node;

  /// The address of the client, as its node sees it.
  std::string peer;

  /// Age in seconds.
  uint64_t age = 0;

  /// Size of the send queue, in bytes of payload.
  uint64_t queue = 0;

  friend bool operator==(const session_info&, const session_info&) = default;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, session_info& x) {
  return f(caf::meta::type_name("session_info"), x.node, x.peer, x.age,
           x.queue);
}

/// Report of a node, or of one of its sessions, to the receipt of a push. It
/// adds to earlier reports.
struct report {
  /// The id of the push.
  std::string push;

  /// The node that waits for the report.
  std::string to;

  /// The node that reports; set by the bus.
  std::string node = {};

  delivery_counts counts = {};

  /// Set in the answer to a probe: all reports that were due have been sent.
  bool settled = false;

  /// The session's details, if requested.
  std::vector<session_info> details = {};

  /// The node's trace of an id, if requested.
  trace_events trace = {};

  /// The node's metrics, if requested.
  node_metrics metrics = {};
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, report& x) {
  return f(caf::meta::type_name("report"), x.push, x.to, x.node, x.counts,
           x.settled, x.details, x.trace, x.metrics);
}

/// Outcome of a push.
struct outcome {
  /// The id of the push; that of the first one for a repeated push.
  std::string push;

  /// The level that the pusher requested.
  receipt_level want = receipt_level::routed;

  /// Set if the mailbox keeps the push until a client confirms it.
  bool kept = false;

  /// Sums of the reports; `nodes` are all nodes that the push was sent to.
  delivery_counts counts = {};

  /// Number of nodes that have not reported all of their sessions.
  uint64_t unknown = 0;

  /// The sessions' details, if requested.
  std::vector<session_info> details = {};

  /// The nodes' traces of an id, if requested.
  trace_events trace = {};

  /// The metrics by node name, if requested.
  std::map<std::string, node_metrics> metrics = {};
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, outcome& x) {
  return f(caf::meta::type_name("outcome"), x.push, x.want, x.kept, x.counts,
           x.unknown, x.details, x.trace, x.metrics);
}

/// Converts an outcome to the level that a repeated push requests, which may
/// differ from that of the first.
inline outcome at_level(outcome x, receipt_level wanted) {
  // The number of nodes is known from the start, the progress of their sessions
  // only up to the level of the first push.
  if (wanted == receipt_level::routed && x.counts.nodes > 0)
    x.unknown = 0;
  else if (wanted > x.want && x.unknown < x.counts.nodes)
    x.unknown = x.counts.nodes;
  x.want = wanted;
  return x;
}

/// Returns whether a push certainly reached no session and is not kept.
inline bool is_nobody(const outcome& x) {
  return !x.kept && x.unknown == 0
         && (x.want == receipt_level::routed ? x.counts.nodes
                                             : x.counts.sessions)
              == 0;
}

/// Request for a page of a mailbox.
struct inbox_query {
  push_address address;

  /// The entry after which the page starts; empty to start at the first.
  std::string after = {};

  /// The last entry to read; empty for the last one of the mailbox.
  std::string upto = {};

  /// Approximate maximum size of the page, in bytes of payload.
  uint64_t max_bytes = 0;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, inbox_query& x) {
  return f(caf::meta::type_name("inbox_query"), x.address, x.after, x.upto,
           x.max_bytes);
}

/// Page of a mailbox.
struct inbox_page {
  /// The pushes, the oldest first.
  std::vector<push> pushes;

  /// The last entry of the mailbox when its first page was read.
  std::string upto;

  /// Set if there are more entries up to `upto`.
  bool more = false;

  /// Sum of the times for which these pushes were kept.
  std::chrono::milliseconds age{0};
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, inbox_page& x) {
  return f(caf::meta::type_name("inbox_page"), x.upto, x.more);
}

} // namespace waybill
