#pragma once

#include <deque>

#include <caf/actor_clock.hpp>

#include "redis/key_slot.hpp"

namespace waybill::redis {

/// The slots that a master of a Redis Cluster got or lost in the last two
/// seconds: nodes may not have followed yet.
class slot_moves {
public:
  using time_point = caf::actor_clock::time_point;

  /// Time within which nodes follow a slot that has moved.
  static constexpr auto time = std::chrono::seconds{2};

  /// Records that slots have moved.
  void on_moved(const slot_set& slots, time_point now);

  /// Returns whether a slot has moved a moment ago.
  bool has(uint16_t slot, time_point now);

private:
  struct move {
    slot_set slots;
    time_point when;
  };

  void forget_old(time_point now);

  /// The oldest first.
  std::deque<move> moves_;
};

} // namespace waybill::redis
