#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "actors/core/push.hpp"
#include "actors/core/recent_records.hpp"
#include "actors/core/trace_event.hpp"

namespace waybill {

/// Last pushes that a gateway took and answered, for the traces of their ids.
///
/// It is read only when a trace is requested. The gateway numbers its pushes,
/// so a record has no text.
class push_log {
public:
  /// Position of a push without a record.
  static constexpr auto unrecorded = std::numeric_limits<size_t>::max();

  /// Push that is not answered yet, by its number.
  struct entry {
    uint64_t number = 0;

    /// Position of the record.
    size_t position = unrecorded;
  };

  /// Records that a push was taken.
  /// @param number its number, from 1.
  entry taken(std::string_view id, uint64_t number, const push& push);

  /// Records the HTTP status that answered a push, unless other pushes have
  /// displaced its record.
  void answered(entry entry, uint16_t status);

  /// Returns the trace events of an id.
  /// @param prefix the text before the number in the id of a push.
  trace_events events(const std::string& id, const std::string& prefix) const;

private:
  struct record {
    uint64_t id;
    uint64_t number;
    uint64_t bytes;

    /// Times by the clock of the node, in microseconds since 1970.
    int64_t taken;
    int64_t answered;

    /// The status; 0 before the answer.
    uint16_t status;
    receipt_level want;
    std::optional<trace_context> context;
  };

  recent_records<record> records_;
};

} // namespace waybill
