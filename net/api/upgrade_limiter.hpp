#pragma once

#include <chrono>
#include <optional>

#include "actors/core/rate.hpp"
#include "actors/core/retry_schedule.hpp"

namespace waybill::net {

/// Limits the sessions that an event loop opens in a second, so that it serves
/// those that it has while many others come back. Each client that it refuses
/// gets a time of its own to come again.
///
/// The burst is a tenth of a second's sessions: in no second does the loop open
/// more than its rate and a tenth.
class upgrade_limiter {
public:
  using time_point = token_bucket::time_point;

  /// @param per_second the maximum number of sessions; 0 for no limit.
  explicit upgrade_limiter(double per_second = 0);

  /// Checks whether another session may be opened.
  /// @returns nothing if so, else the time after which the client that asks
  ///          may connect again.
  std::optional<std::chrono::milliseconds> check(time_point now);

  /// Counts a session that is about to be opened.
  /// @pre `check` returned nothing at the same time.
  void take(time_point now);

  /// Returns the share of a session that was refused for another reason.
  void put_back() noexcept;

private:
  bool is_limited() const noexcept { return limit_.per_second > 0; }

  rate limit_;
  token_bucket bucket_;
  retry_schedule retries_;
};

} // namespace waybill::net
