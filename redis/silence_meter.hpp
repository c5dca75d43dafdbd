#pragma once

#include <algorithm>
#include <chrono>
#include <utility>

#include <caf/actor_clock.hpp>

namespace waybill::redis {

/// Decides when a link counts as dead.
///
/// A canary that returns proves that the link works, but it returns behind all
/// that was published before it. Behind a flood, or a message that takes long,
/// it is late on a link that works, and to drop that link would lose the
/// messages on their way. So a link also lives while Redis accepts canaries on
/// one connection and bytes arrive on the other: the canaries are among them.
/// Time in which this node itself stood still is no silence: what came
/// meanwhile is unread.
class silence_meter {
public:
  using time_point = caf::actor_clock::time_point;

  /// Maximum time without a byte, and without an accepted canary.
  static constexpr auto longest_silence = std::chrono::seconds{3};

  /// Maximum time without a returned canary. Redis gives a slow subscriber 60
  /// s.
  static constexpr auto longest_backlog = std::chrono::seconds{30};

  /// Maximum time between two ticks of a node that runs: it ticks every 500
  /// ms.
  static constexpr auto longest_pause = std::chrono::seconds{1};

  explicit silence_meter(time_point now)
      : ticked_(now), returned_(now), accepted_(now), arrived_(now) {
    // nop
  }

  /// Records that the node runs. Time since the last tick beyond
  /// `longest_pause` does not count.
  void on_tick(time_point now) noexcept {
    auto stood_still = now - std::exchange(ticked_, now) - longest_pause;
    if (stood_still.count() <= 0)
      return;
    for (auto time : {&returned_, &accepted_, &arrived_})
      *time = std::min(*time + stood_still, now);
  }

  /// Records a proof: a canary returned, or a subscription was confirmed.
  void on_proof(time_point now) noexcept {
    returned_ = accepted_ = arrived_ = now;
  }

  /// Records that Redis sent a canary to this node.
  void on_accepted(time_point now) noexcept { accepted_ = now; }

  /// Records that bytes arrived on the subscribed connection.
  void on_bytes(time_point now) noexcept { arrived_ = now; }

  bool is_dead(time_point now) const noexcept {
    return now - std::min(accepted_, arrived_) >= longest_silence
           || now - returned_ >= longest_backlog;
  }

private:
  time_point ticked_;

  /// Times of the last proof, canary that Redis accepted, and byte.
  time_point returned_;
  time_point accepted_;
  time_point arrived_;
};

} // namespace waybill::redis
