#pragma once

#include "actors/core/rate.hpp"
#include "net/config.hpp"

namespace waybill::net {

/// Limits a client's rate of frames and bytes on the wire.
class frame_rate_limiter {
public:
  using time_point = token_bucket::time_point;

  /// @param limits must outlive this.
  explicit frame_rate_limiter(const client_rates& limits) : limits_(limits) {
    // nop
  }

  /// Counts input.
  /// @returns false if the client exceeds a limit.
  bool take(size_t frames, size_t bytes, time_point now) {
    return frames_.take(limits_.frames, now, static_cast<double>(frames))
               .count()
             == 0
           && bytes_.take(limits_.bytes, now, static_cast<double>(bytes))
                  .count()
                == 0;
  }

  /// Uncounts a frame that the server asked for.
  void refund() noexcept { frames_.put_back(); }

private:
  const client_rates& limits_;
  token_bucket frames_;
  token_bucket bytes_;
};

} // namespace waybill::net
