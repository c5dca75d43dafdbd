#pragma once

#include <chrono>

#include <caf/actor_clock.hpp>

namespace waybill::redis {

/// Decides when a link counts as dead.
///
/// Canaries prove that it works, but return behind all that was published
/// before them: behind a flood, or a message that takes long, they are late on
/// a link whose bytes arrive all the time. To drop it would lose what is on its
/// way.
class silence_meter {
public:
  using time_point = caf::actor_clock::time_point;

  /// Time without a byte, and without a proof, after which a link is dead.
  /// Redis itself gives a slow subscriber 60 s.
  static constexpr auto longest_silence = std::chrono::seconds{3};
  static constexpr auto longest_backlog = std::chrono::seconds{30};

  explicit silence_meter(time_point now) : proof_(now), byte_(now) {
    // nop
  }

  /// The link works: a canary returned, or a subscription was confirmed.
  void on_proof(time_point now) noexcept { proof_ = byte_ = now; }

  /// Something arrived on the subscribed connection.
  void on_bytes(time_point now) noexcept { byte_ = now; }

  bool is_dead(time_point now) const noexcept {
    return now - byte_ >= longest_silence || now - proof_ >= longest_backlog;
  }

private:
  time_point proof_;
  time_point byte_;
};

} // namespace waybill::redis
