#include "net/websocket/frame_rate_limiter.hpp"

#include <algorithm>

namespace waybill::net {

bool frame_rate_limiter::take(const client_rates& limits,
                              std::string_view bytes,
                              token_bucket::time_point now) {
  auto frames = static_cast<double>(count(bytes));
  auto size = static_cast<double>(bytes.size());
  return frames_.take(limits.frames, now, frames).count() == 0
         && bytes_.take(limits.bytes, now, size).count() == 0;
}

uint64_t frame_rate_limiter::count(std::string_view bytes) {
  uint64_t result = 0;
  while (!bytes.empty()) {
    if (rest_ > 0) {
      auto size = std::min<uint64_t>(rest_, bytes.size());
      bytes.remove_prefix(size);
      rest_ -= size;
      continue;
    }
    head_[head_size_++] = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    if (head_size_ < 2)
      continue;
    // The extended length, followed by the mask.
    uint64_t length = head_[1] & 0x7f;
    auto more = length == 127 ? 8 : length == 126 ? 2 : 0;
    if (head_size_ < 2 + more)
      continue;
    if (more > 0) {
      length = 0;
      for (int i = 0; i < more; ++i)
        length = length << 8 | head_[2 + i];
    }
    rest_ = length + (head_[1] & 0x80 ? 4 : 0);
    head_size_ = 0;
    ++result;
  }
  return result;
}

} // namespace waybill::net
