#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <caf/meta/type_name.hpp>

#include "actors/core/trace_context.hpp"

namespace waybill {

/// Part of the way of a push whose pusher records a trace: a span of
/// OpenTelemetry.
struct span {
  enum class kind : uint8_t {
    /// From the request of the pusher to its response.
    push,
    /// From the arrival at a session until its socket has taken the push, or
    /// until the session drops it.
    deliver,
    /// From then until the client has read it.
    receive,
  };

  kind type;
  trace_context context;

  /// The id of the span that this one is a part of.
  uint64_t parent;

  /// Times by the clock of the node, in microseconds since 1970.
  int64_t began;
  int64_t ended = 0;

  /// The key of the address, such as `id:456`.
  std::string address = {};

  /// The id of the push.
  std::string push = {};

  /// The address of the client; empty in a span of a push.
  std::string peer = {};

  /// The HTTP status that answered the push; 0 in other spans.
  uint16_t status = 0;

  /// The reason why a session dropped the push; empty if it did not.
  std::string problem = {};
};

using spans = std::vector<span>;

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, span& x) {
  return f(caf::meta::type_name("span"), x.push, x.peer, x.status, x.problem);
}

/// Result of the export of some spans.
struct export_result {
  /// Set if the collector cannot take them now, but may later.
  bool is_away = false;

  /// Number of them that the collector does not take.
  uint64_t rejected = 0;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, export_result& x) {
  return f(caf::meta::type_name("export_result"), x.is_away, x.rejected);
}

} // namespace waybill
