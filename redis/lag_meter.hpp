#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include <caf/actor_clock.hpp>
#include <caf/timespan.hpp>

namespace waybill::redis {

/// Measures how far a node lags behind on its subscription, by its canaries:
/// numbers that it publishes and receives after all that was published before
/// them. Redis buffers messages for a slow subscriber and disconnects it past a
/// limit, so the node must refuse pushes before that.
class lag_meter {
public:
  using time_point = caf::actor_clock::time_point;

  /// Records that a canary was published.
  void on_sent(uint64_t number, time_point now);

  /// Records that a canary returned, and with it all older ones.
  void on_heard(uint64_t number, time_point now);

  /// Records that so many bytes of pushes were published.
  void on_published(size_t bytes) noexcept { published_ += bytes; }

  /// Drops all canaries in flight, because the link was lost.
  void reset() noexcept;

  /// Checks whether so much was published since the last canary that the next
  /// one is due before the next tick.
  bool wants_canary() const noexcept;

  /// Returns the round-trip time of the last canary that returned, or the age
  /// of the oldest in flight if that is longer.
  caf::timespan lag(time_point now) const;

  /// Checks whether the node should refuse pushes: two consecutive canaries
  /// were late, or too many bytes are in flight. A single one may be late
  /// because the machine was.
  bool is_busy(time_point now) const;

private:
  struct canary {
    uint64_t number;
    time_point sent;

    /// Number of bytes published before it.
    uint64_t published;
  };

  /// Canaries that have not returned, the oldest first.
  std::deque<canary> in_flight_;
  caf::timespan last_{0};

  /// Number of consecutive canaries that returned late.
  size_t late_ = 0;
  uint64_t published_ = 0;

  /// Number of bytes published before the last canary that was sent, and before
  /// the last that returned.
  uint64_t marked_ = 0;
  uint64_t heard_ = 0;
};

} // namespace waybill::redis
