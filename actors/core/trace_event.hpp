#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <caf/meta/type_name.hpp>

namespace waybill {

/// Event of a push to an id, or of a session of the id.
struct trace_event {
  enum class kind : uint8_t {
    /// A session joined.
    joined,
    /// A session ended or was closed; `text` is the reason.
    left,
    /// The node accepted a push of `count` bytes; `text` is the receipt level.
    taken,
    /// The node answered the pusher; `count` is the HTTP status.
    answered,
    /// The registry delivered the push to `count` sessions.
    delivered,
    /// The socket of a session took the push.
    written,
    /// The client of a session has read the push.
    received,
    /// A session dropped the push.
    dropped,
    /// Earlier events of a session are no longer known.
    forgotten,
  };

  static constexpr auto last_kind = kind::forgotten;

  std::string id;
  kind type;

  /// Time by the clock of the node, in microseconds since 1970.
  int64_t at;

  /// The id of the push; empty if it has none, or only `delivery` is known.
  std::string push = {};

  /// Number of the delivery on its node; 0 for none.
  uint64_t delivery = 0;

  /// The address of the client.
  std::string peer = {};

  uint64_t count = 0;
  std::string text = {};

  /// The id of the distributed trace that the pusher records; empty for none.
  std::string trace_id = {};

  /// The node; set where the events of several nodes meet.
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
  return f(caf::meta::type_name("trace_event"), x.id, x.type, x.at, x.push,
           x.delivery, x.peer, x.count, x.text, x.trace_id, x.node);
}

/// Returns the time of an event, in microseconds since 1970.
inline int64_t trace_time(std::chrono::system_clock::time_point when
                          = std::chrono::system_clock::now()) {
  using std::chrono::microseconds;
  return std::chrono::duration_cast<microseconds>(when.time_since_epoch())
    .count();
}

} // namespace waybill
