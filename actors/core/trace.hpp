#pragma once

#include <list>
#include <string>
#include <unordered_map>

#include "actors/core/trace_event.hpp"

namespace waybill {

/// Remembers the last hops of the ids that something happened to last.
class trace {
public:
  /// @param max_hops how many it remembers, of all ids.
  /// @param max_hops_of_id how many of one.
  explicit trace(size_t max_hops = 20'000, size_t max_hops_of_id = 64)
      : max_events_(max_hops), max_events_of_id_(max_hops_of_id) {
    // nop
  }

  void add(trace_event event);

  /// Returns what is known of an id, the oldest first. The push of a hop of
  /// which only the delivery was told is looked up among the others.
  trace_events of(const std::string& id, trace_events more = {}) const;

private:
  struct entry {
    /// In no order, once the oldest of them has been replaced.
    trace_events last;
    size_t oldest = 0;

    /// Its place among those that were touched, the last of which is the first.
    std::list<std::string>::iterator position;
  };

  const size_t max_events_;
  const size_t max_events_of_id_;
  std::unordered_map<std::string, entry> entries_;
  std::list<std::string> touched_;
  size_t size_ = 0;
};

} // namespace waybill
