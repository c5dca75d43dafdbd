#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "actors/core/rate.hpp"
#include "net/config.hpp"

namespace waybill::net {

/// Measures what a client sends where it comes from the wire: each frame
/// counts, be it a message, a fragment of one without any bytes, or a ping (RFC
/// 6455, section 5.2). Who reads whole messages would never hear of most of
/// them.
class frame_rate_limiter {
public:
  /// @param bytes is what comes next, from the first frame on.
  /// @returns whether the client may send so fast.
  bool take(const client_rates& limits, std::string_view bytes,
            token_bucket::time_point now);

  /// Takes back a frame that the client was asked for.
  void refund() noexcept { frames_.put_back(); }

private:
  /// Returns how many frames begin in `bytes`.
  uint64_t count(std::string_view bytes);

  token_bucket frames_;
  token_bucket bytes_;

  /// The part of a head that has come.
  std::array<uint8_t, 10> head_;
  uint8_t head_size_ = 0;

  /// How many bytes there are to the next head.
  uint64_t rest_ = 0;
};

} // namespace waybill::net
