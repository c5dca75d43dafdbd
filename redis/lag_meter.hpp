#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include <caf/actor_clock.hpp>
#include <caf/timespan.hpp>

namespace waybill::redis {

/// Measures how far a node is behind on its own subscription, by its canaries:
/// numbers that it publishes and hears again, behind all that was published
/// before them. Redis keeps what a node has not read, and cuts off one that
/// lets too much wait, so a node must stop pushing before that.
class lag_meter {
public:
  using time_point = caf::actor_clock::time_point;

  /// Notes that a canary leaves.
  void on_sent(uint64_t number, time_point now);

  /// Notes that a canary came back, and with it all older ones.
  void on_heard(uint64_t number, time_point now);

  /// Notes that so many bytes of pushes leave.
  void on_published(size_t bytes) noexcept { published_ += bytes; }

  /// Forgets all canaries that are under way: the link is lost.
  void reset() noexcept;

  /// Tells whether so much was published since the last canary that the next
  /// one should not wait for its time.
  bool wants_canary() const noexcept;

  /// Returns the time from sending to hearing: of the last canary that came
  /// back, or of the oldest that did not, if that is longer.
  caf::timespan lag(time_point now) const;

  /// Tells whether the node should take no more pushes now: two canaries after
  /// each other were late, or too much is under way. One may be late because
  /// the machine was.
  bool is_busy(time_point now) const;

private:
  struct canary {
    uint64_t number;
    time_point sent;

    /// How many bytes were published before it.
    uint64_t published;
  };

  /// Those that have not come back, the oldest first.
  std::deque<canary> in_flight_;
  caf::timespan last_{0};

  /// How many of the last came back late, one after the other.
  size_t late_ = 0;
  uint64_t published_ = 0;

  /// How many of those bytes stood before the last canary that was sent, and
  /// before the last that came back.
  uint64_t marked_ = 0;
  uint64_t heard_ = 0;
};

} // namespace waybill::redis
