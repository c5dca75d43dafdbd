#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <caf/expected.hpp>
#include <caf/meta/type_name.hpp>

#include "actors/core/address.hpp"
#include "actors/core/push.hpp"

namespace waybill {

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

  /// Sessions that got a later push of the same `collapse` instead.
  uint64_t superseded = 0;

  /// Sessions that did not get the push before its `fresh` or `ttl` had passed.
  uint64_t expired = 0;

  delivery_counts& operator+=(const delivery_counts& x) {
    nodes += x.nodes;
    sessions += x.sessions;
    written += x.written;
    received += x.received;
    lost += x.lost;
    dropped += x.dropped;
    superseded += x.superseded;
    expired += x.expired;
    return *this;
  }

  friend bool operator==(const delivery_counts&, const delivery_counts&)
    = default;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, delivery_counts& x) {
  return f(caf::meta::type_name("delivery_counts"), x.nodes, x.sessions,
           x.written, x.received, x.lost, x.dropped, x.superseded, x.expired);
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
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, outcome& x) {
  return f(caf::meta::type_name("outcome"), x.push, x.want, x.kept, x.counts,
           x.unknown);
}

/// Returns the number of sessions that will not get a push any more.
inline uint64_t failures_in(const delivery_counts& x) {
  return x.lost + x.dropped + x.superseded + x.expired;
}

/// A push, and the number by which its sender recognizes the outcome.
struct numbered_push {
  uint64_t number;
  push_address address;
  push content;
};

using numbered_pushes = std::vector<numbered_push>;

/// The outcome of the push of that number, or the error of the bus.
struct numbered_outcome {
  uint64_t number;
  caf::expected<outcome> content;
};

using numbered_outcomes = std::vector<numbered_outcome>;

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

} // namespace waybill
