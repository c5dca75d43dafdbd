#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "actors/core/recent_records.hpp"
#include "actors/core/trace_event.hpp"

namespace waybill {

/// Last deliveries of a registry, for the traces of their ids. It is read only
/// when a trace is requested.
class delivery_log {
public:
  /// Records that a push was delivered to so many sessions.
  /// @param push the id of the push; empty if it has none.
  /// @returns the number of the delivery, from 1.
  uint64_t add(std::string_view id, const std::string& push, uint64_t sessions);

  /// Returns the trace events of an id.
  trace_events events(const std::string& id) const;

private:
  struct record {
    uint64_t id;
    uint64_t number;
    uint64_t sessions;

    /// Time by the clock of the node, in microseconds since 1970.
    int64_t at;

    /// The id of the push, which most often another node made. It keeps its
    /// memory when another push takes its place.
    std::string push;
  };

  uint64_t count_ = 0;
  recent_records<record> records_;
};

} // namespace waybill
