#pragma once

#include <cstdint>
#include <set>
#include <unordered_map>
#include <utility>

#include <caf/fwd.hpp>

namespace waybill {

/// Knows how much memory the queue of each session takes.
class queue_loads {
public:
  /// @param bytes 0 forgets the session.
  void set(caf::actor_id session, uint64_t bytes);

  /// Returns what all take together.
  uint64_t total() const noexcept { return total_; }

  /// Returns the session whose queue takes most.
  /// @pre `total() > 0`
  caf::actor_id largest() const { return by_size_.rbegin()->second; }

private:
  /// Most sessions have no queue that is worth mentioning, and are not here.
  std::unordered_map<caf::actor_id, uint64_t> loads_;
  std::set<std::pair<uint64_t, caf::actor_id>> by_size_;
  uint64_t total_ = 0;
};

} // namespace waybill
