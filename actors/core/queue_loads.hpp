#pragma once

#include <cstdint>
#include <set>
#include <unordered_map>
#include <utility>

#include <caf/fwd.hpp>

namespace waybill {

/// Memory of the sessions' send queues, by session and in total.
class queue_loads {
public:
  /// Records the memory of a session's queue; 0 removes the session.
  void set(caf::actor_id session, uint64_t bytes);

  /// Returns the memory of all queues, in bytes.
  uint64_t total() const noexcept { return total_; }

  /// Returns the session with the largest queue.
  /// @pre `total() > 0`
  caf::actor_id largest() const { return by_size_.rbegin()->second; }

  /// Returns the memory of each queue, in bytes, and its session, in ascending
  /// order.
  const std::set<std::pair<uint64_t, caf::actor_id>>& by_size() const {
    return by_size_;
  }

private:
  /// Holds only sessions with a considerable queue, which most do not have.
  std::unordered_map<caf::actor_id, uint64_t> loads_;
  std::set<std::pair<uint64_t, caf::actor_id>> by_size_;
  uint64_t total_ = 0;
};

} // namespace waybill
