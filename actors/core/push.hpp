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

/// The three truths about a push: how far it has come, and how far its pusher
/// wants to know.
enum class receipt_level : uint8_t {
  /// A node holds a session for it.
  routed,
  /// Its bytes went to the socket.
  written,
  /// The client's WebSocket stack has read them.
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

/// Returns the level of a number, if there is one.
inline std::optional<receipt_level> to_receipt_level(uint64_t x) {
  if (x > static_cast<uint64_t>(receipt_level::received))
    return std::nullopt;
  return static_cast<receipt_level>(x);
}

/// For how long a push can be kept.
constexpr auto longest_ttl = std::chrono::hours{365 * 24};

/// One message on its way to an address.
struct push {
  /// What it is for.
  enum class kind : uint8_t {
    /// Brings `body` to the clients.
    message,
    /// Closes the sessions.
    kick,
    /// Has the sessions report what they are like.
    inspect,
    /// Tells that a newer session owns the id.
    claim,
    /// Has the nodes report the trace of the id that is in `body`.
    trace,
    /// Has them report their figures.
    metrics,
  };

  /// Names this push in answers and logs; unique in the cluster.
  std::string id;

  /// What the client gets.
  payload body = {};

  kind type = kind::message;

  /// What the sessions report.
  receipt_level want = receipt_level::routed;

  /// The node that waits for reports; empty if none does.
  std::string reply_to = {};

  /// For how long it is kept until a client has confirmed it, up to
  /// `longest_ttl`; 0: not at all.
  std::chrono::milliseconds ttl{0};

  /// Names its place in the mailbox, if it is kept.
  std::string entry = {};

  /// Of a claim: its number, which is larger than that of any older claim.
  uint64_t claim = 0;

  /// Stands for this push however often it is tried: the pusher's
  /// Idempotency-Key. Only the bus needs it.
  std::string key = {};

  /// For how long the pusher waits. Only the bus needs it, for those who try
  /// `key` again meanwhile.
  std::chrono::milliseconds wait{0};
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, push& x) {
  return f(caf::meta::type_name("push"), x.id);
}

/// Tells whether a push is to bring reports, and nothing else.
inline bool is_query(const push& x) {
  return x.type == push::kind::inspect || x.type == push::kind::trace
         || x.type == push::kind::metrics;
}

/// Tells whether a push waits for more than the bus' answer.
inline bool needs_receipt(const push& x) {
  return x.want != receipt_level::routed || !x.key.empty() || is_query(x);
}

/// Returns what pushes of the same key have in common, unless the key is used
/// for another one.
/// @param address is what the caller calls the address.
inline std::string request_fingerprint(const std::string& address,
                                       const push& push) {
  auto result = address + '\n';
  result += push.body.type() == payload::format::text ? 't' : 'b';
  result += push.body.bytes();
  return result;
}

/// Numbers of what a push has reached. Parts of it, reported one after the
/// other, add up.
struct delivery_counts {
  /// Nodes that have said how many sessions they hold for it.
  uint64_t nodes = 0;

  /// Sessions that it goes to.
  uint64_t sessions = 0;

  /// Sessions whose socket has taken it.
  uint64_t written = 0;

  /// Sessions whose client has read it.
  uint64_t received = 0;

  /// Sessions that ended before they came as far as was asked.
  uint64_t lost = 0;

  /// Sessions that dropped it because their clients read too slowly.
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
  return f(caf::meta::type_name("tally"), x.nodes, x.sessions, x.written,
           x.received, x.lost, x.dropped);
}

/// Figures by name, as `GET /stats` shows them.
using counters = std::map<std::string, uint64_t>;

/// The figures of a node.
struct node_metrics {
  /// The version of Waybill that it runs; empty if it does not say.
  std::string version;

  counters values;

  friend bool operator==(const node_metrics&, const node_metrics&) = default;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, node_metrics& x) {
  return f(caf::meta::type_name("node_figures"), x.version, x.values);
}

/// What a session is like.
struct session_info {
  /// The node that holds it.
  std::string node;

  /// The address of the client, as its node sees it.
  std::string peer;

  /// How old it is, in seconds.
  uint64_t age = 0;

  /// How many bytes wait for it.
  uint64_t queue = 0;

  friend bool operator==(const session_info&, const session_info&) = default;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, session_info& x) {
  return f(caf::meta::type_name("session_info"), x.node, x.peer, x.age,
           x.queue);
}

/// What a node, or one of its sessions, tells whoever waits for a push: an
/// addition to what was told before.
struct report {
  /// The push.
  std::string push;

  /// The node that waits for it.
  std::string to;

  /// The node that reports; the bus says so.
  std::string node = {};

  delivery_counts counts = {};

  /// Set in the answer to a probe: all that was to be told so far has been.
  bool settled = false;

  /// What the session is like, if that was asked.
  std::vector<session_info> details = {};

  /// What the node knows of an id, if that was asked.
  trace_events trace = {};

  /// The figures of the node, if they were asked for.
  node_metrics metrics = {};
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, report& x) {
  return f(caf::meta::type_name("report"), x.push, x.to, x.node, x.counts,
           x.settled, x.details, x.trace, x.metrics);
}

/// What is known of a push.
struct outcome {
  /// The push; that of the first one, if this one repeats it.
  std::string push;

  /// What the pusher of it asked for.
  receipt_level want = receipt_level::routed;

  /// Set if it is kept in the mailbox until a client has confirmed it.
  bool kept = false;

  /// `nodes` are all those that it was sent to.
  delivery_counts counts = {};

  /// How many of those have not told how it went.
  uint64_t unknown = 0;

  /// What the sessions are like, if that was asked.
  std::vector<session_info> details = {};

  /// What the nodes know of an id, if that was asked.
  trace_events trace = {};

  /// The figures of each node, by its name, if they were asked for.
  std::map<std::string, node_metrics> metrics = {};
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, outcome& x) {
  return f(caf::meta::type_name("outcome"), x.push, x.want, x.kept, x.counts,
           x.unknown, x.details, x.trace, x.metrics);
}

/// Returns what is known of a push at the level that a repeat of it asks for,
/// which may be another than that of the first.
inline outcome at_level(outcome x, receipt_level wanted) {
  // The number of nodes is known from the start, what their sessions did only
  // up to the level that was asked for first.
  if (wanted == receipt_level::routed && x.counts.nodes > 0)
    x.unknown = 0;
  else if (wanted > x.want && x.unknown < x.counts.nodes)
    x.unknown = x.counts.nodes;
  x.want = wanted;
  return x;
}

/// Tells whether a push surely reached nobody, and left nothing behind.
inline bool is_nobody(const outcome& x) {
  return !x.kept && x.unknown == 0
         && (x.want == receipt_level::routed ? x.counts.nodes
                                             : x.counts.sessions)
              == 0;
}

/// Asks for a part of a mailbox.
struct inbox_query {
  push_address address;

  /// The entry behind which it starts; empty for the first of all.
  std::string after = {};

  /// The last entry that is wanted; empty for the last that there is.
  std::string upto = {};

  /// About how many bytes of payload are wanted at once.
  uint64_t max_bytes = 0;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, inbox_query& x) {
  return f(caf::meta::type_name("mailbox_query"), x.address, x.after, x.upto,
           x.max_bytes);
}

/// A part of a mailbox.
struct inbox_page {
  /// In the order in which they were pushed.
  std::vector<push> pushes;

  /// The last entry of the mailbox when its first part was read.
  std::string upto;

  /// Set if there is more up to there.
  bool more = false;

  /// How long all these were kept, added up.
  std::chrono::milliseconds age{0};
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, inbox_page& x) {
  return f(caf::meta::type_name("mailbox_page"), x.upto, x.more);
}

} // namespace waybill
