#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <caf/meta/type_name.hpp>

namespace waybill {

/// A step on the way of a push to an id, or in the life of a session of it.
struct trace_event {
  enum class kind : uint8_t {
    /// A session joined.
    joined,
    /// A session ended, or was told to: `text` says why.
    left,
    /// The node took the push from its pusher: `count` bytes, `text` is the
    /// level of the receipt.
    taken,
    /// It answered the pusher: `count` is the status.
    answered,
    /// The registry handed it to `count` sessions.
    delivered,
    /// The socket of a session took it.
    written,
    /// The client of a session has read it.
    received,
    /// A session will not write it.
    dropped,
    /// What a session did before this is forgotten.
    forgotten,
  };

  static constexpr auto last_kind = kind::forgotten;

  std::string id;
  kind type;

  /// In microseconds since 1970, by the clock of the node.
  int64_t at;

  /// The push; empty if it has no name, or only `delivery` is known.
  std::string push = {};

  /// Tells the deliveries of a node apart; 0 for none.
  uint64_t delivery = 0;

  /// The address of the client.
  std::string peer = {};

  uint64_t count = 0;
  std::string text = {};

  /// The node; whoever gathers them knows.
  std::string node = {};

  friend bool operator==(const trace_event&, const trace_event&) = default;
};

using trace_events = std::vector<trace_event>;

inline std::string to_string(trace_event::kind x) {
  switch (x) {
  case trace_event::kind::joined:
    return "joined";
  case trace_event::kind::left:
    return "left";
  case trace_event::kind::taken:
    return "taken";
  case trace_event::kind::answered:
    return "answered";
  case trace_event::kind::delivered:
    return "delivered";
  case trace_event::kind::written:
    return "written";
  case trace_event::kind::received:
    return "received";
  case trace_event::kind::dropped:
    return "dropped";
  case trace_event::kind::forgotten:
    return "forgotten";
  }
  return "unknown";
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, trace_event& x) {
  return f(caf::meta::type_name("hop"), x.id, x.type, x.at, x.push, x.delivery,
           x.peer, x.count, x.text, x.node);
}

/// Returns the time for a hop that happens now.
inline int64_t trace_time(std::chrono::system_clock::time_point when
                          = std::chrono::system_clock::now()) {
  using std::chrono::microseconds;
  return std::chrono::duration_cast<microseconds>(when.time_since_epoch())
    .count();
}

} // namespace waybill
