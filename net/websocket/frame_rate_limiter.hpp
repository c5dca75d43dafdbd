#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "actors/core/rate.hpp"
#include "net/config.hpp"

namespace waybill::net {

/// Limits a client's rate of frames and bytes on the wire: each frame counts,
/// including empty fragments and pings (RFC 6455, section 5.2), which a reader
/// of whole messages does not see.
class frame_rate_limiter {
public:
  /// Counts the frames and bytes of the next input.
  /// @param bytes continue those of the last call.
  /// @returns false if the client exceeds `limits`.
  bool take(const client_rates& limits, std::string_view bytes,
            token_bucket::time_point now);

  /// Uncounts a frame that the server asked for.
  void refund() noexcept { frames_.put_back(); }

private:
  /// Returns the number of frames that begin in `bytes`.
  uint64_t count(std::string_view bytes);

  token_bucket frames_;
  token_bucket bytes_;

  /// The received part of a frame header.
  std::array<uint8_t, 10> head_;
  uint8_t head_size_ = 0;

  /// The number of bytes until the next frame header.
  uint64_t rest_ = 0;
};

} // namespace waybill::net
