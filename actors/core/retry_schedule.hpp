#pragma once

#include <chrono>
#include <random>
#include <string>

namespace waybill {

/// Assigns clients the times after which they connect again, so that no more
/// than a number of them come in a second.
///
/// Each client gets the turn after the last one that was assigned, and a random
/// part that spreads those with the same turn. Clients that would wait for
/// longer than `max_delay` get a random time within its second half: they may
/// have to ask again, but not all at once.
class retry_schedule {
public:
  using time_point = std::chrono::steady_clock::time_point;
  using milliseconds = std::chrono::milliseconds;

  /// Bounds of the random part of a time.
  static constexpr milliseconds min_jitter{100};
  static constexpr milliseconds max_jitter{1000};

  /// Limits the time until a turn.
  static constexpr milliseconds max_delay{30'000};

  /// @param per_second the number of clients that may come in a second; 0 for
  ///                   no limit.
  explicit retry_schedule(double per_second,
                          unsigned seed = std::random_device{}())
      : per_second_(per_second), random_(seed) {
    // nop
  }

  /// Changes the rate of the turns that are still to be assigned.
  void set_rate(double per_second) noexcept { per_second_ = per_second; }

  /// Returns the time after which the next client connects again.
  milliseconds next(time_point now);

private:
  milliseconds random_between(milliseconds first, milliseconds last);

  double per_second_;
  std::minstd_rand random_;

  /// The last turn that was assigned.
  time_point turn_;
};

/// Formats a duration in seconds with one decimal, rounded up: `7.3`.
std::string to_seconds(std::chrono::milliseconds time);

} // namespace waybill
