#include "actors/core/rate.hpp"

#include <algorithm>

namespace waybill {

namespace {

using seconds = std::chrono::duration<double>;

double filled(const rate& limit, std::chrono::nanoseconds time) {
  return limit.per_second * seconds{time}.count();
}

} // namespace

std::chrono::nanoseconds token_bucket::take(const rate& limit, time_point now,
                                            double count) {
  auto missing = std::max(0.0, missing_ - filled(limit, now - last_));
  auto too_many = missing + std::min(count, limit.burst) - limit.burst;
  if (too_many > 0)
    return std::chrono::ceil<std::chrono::nanoseconds>(
      seconds{too_many / limit.per_second});
  missing_ = missing + count;
  last_ = now;
  return std::chrono::nanoseconds{0};
}

bool token_bucket::is_full(const rate& limit, time_point now) const {
  return missing_ <= filled(limit, now - last_);
}

std::chrono::nanoseconds rate_limiter::take(const std::string& key,
                                            token_bucket::time_point now,
                                            double count) {
  if (buckets_.size() >= threshold_) {
    std::erase_if(buckets_,
                  [&](const auto& x) { return x.second.is_full(limit_, now); });
    threshold_ = std::max(min_threshold, 2 * buckets_.size());
  }
  return buckets_[key].take(limit_, now, count);
}

} // namespace waybill
