#include "net/api/upgrade_limiter.hpp"

#include <algorithm>

namespace waybill::net {

upgrade_limiter::upgrade_limiter(double per_second)
    : limit_{per_second, std::max(1.0, per_second / 10)}, retries_(per_second) {
  // nop
}

std::optional<std::chrono::milliseconds>
upgrade_limiter::check(time_point now) {
  if (!is_limited() || bucket_.wait_time(limit_, now).count() == 0)
    return std::nullopt;
  return retries_.next(now);
}

void upgrade_limiter::take(time_point now) {
  if (is_limited())
    bucket_.take(limit_, now);
}

void upgrade_limiter::put_back() noexcept {
  if (is_limited())
    bucket_.put_back();
}

} // namespace waybill::net
