#include "actors/core/rate.hpp"

#include <algorithm>
#include <cmath>

namespace waybill {

namespace {

using seconds = std::chrono::duration<double>;

double filled(const rate& limit, std::chrono::nanoseconds time) {
  return limit.per_second * seconds{time}.count();
}

} // namespace

double token_bucket::missing(const rate& limit, time_point now) const {
  return std::max(0.0, missing_ - filled(limit, now - last_));
}

std::chrono::nanoseconds
token_bucket::wait_time(const rate& limit, time_point now, double count) const {
  auto too_many
    = missing(limit, now) + std::min(count, limit.burst) - limit.burst;
  return too_many > 0 ? std::chrono::ceil<std::chrono::nanoseconds>(
           seconds{too_many / limit.per_second})
                      : std::chrono::nanoseconds{0};
}

std::chrono::nanoseconds token_bucket::take(const rate& limit, time_point now,
                                            double count) {
  auto result = wait_time(limit, now, count);
  if (result.count() > 0)
    return result;
  missing_ = missing(limit, now) + count;
  last_ = now;
  return result;
}

bool token_bucket::is_full(const rate& limit, time_point now) const {
  return missing_ <= filled(limit, now - last_);
}

void rate_meter::add(time_point now) {
  rate_ = per_second(now) + 1;
  last_ = now;
}

double rate_meter::per_second(time_point now) const {
  return rate_ * std::exp(-seconds{now - last_}.count());
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
