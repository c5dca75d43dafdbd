#pragma once

#include <list>
#include <string>
#include <unordered_map>

#include "actors/core/trace_event.hpp"

namespace waybill {

/// Last trace events of the sessions of the most recently active ids: those of
/// pushes are in logs and histories until they are requested.
class trace {
public:
  /// @param max_events the maximum number of events of all ids.
  /// @param max_events_of_id the maximum number of events of one id.
  explicit trace(size_t max_events = 10'000, size_t max_events_of_id = 64)
      : max_events_(max_events), max_events_of_id_(max_events_of_id) {
    // nop
  }

  void add(trace_event event);

  /// Returns `more` and the events of an id, the oldest first. An event that
  /// has a delivery but no push gets the push of that delivery.
  trace_events of(const std::string& id, trace_events more = {}) const;

private:
  struct entry {
    /// A ring: the oldest event is at `oldest`, modulo its size, once it is
    /// full.
    trace_events last;
    size_t oldest = 0;

    /// Position in `touched_`.
    std::list<std::string>::iterator position;
  };

  const size_t max_events_;
  const size_t max_events_of_id_;
  std::unordered_map<std::string, entry> entries_;

  /// Ids, the most recently active first.
  std::list<std::string> touched_;
  size_t size_ = 0;
};

} // namespace waybill
