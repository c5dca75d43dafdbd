#include "redis/lag_meter.hpp"

#include <algorithm>

namespace waybill::redis {

namespace {

/// Lag past which a canary is late.
constexpr auto longest_lag = std::chrono::milliseconds{250};

/// Maximum number of bytes of pushes in flight. By default, Redis disconnects a
/// subscriber with 32 MiB to read, and other nodes publish to it, too.
constexpr uint64_t most_under_way = 8 << 20;

/// Number of bytes of pushes after which the next canary is due.
constexpr uint64_t canary_distance = 1 << 20;

} // namespace

void lag_meter::on_sent(uint64_t number, time_point now) {
  in_flight_.push_back({number, now, published_});
  marked_ = published_;
}

void lag_meter::on_heard(uint64_t number, time_point now) {
  while (!in_flight_.empty() && in_flight_.front().number <= number) {
    last_ = now - in_flight_.front().sent;
    late_ = last_ > longest_lag ? late_ + 1 : 0;
    heard_ = in_flight_.front().published;
    in_flight_.pop_front();
  }
}

void lag_meter::reset() noexcept {
  in_flight_.clear();
  last_ = caf::timespan{0};
  late_ = 0;
  marked_ = heard_ = published_;
}

bool lag_meter::wants_canary() const noexcept {
  return published_ - marked_ >= canary_distance;
}

caf::timespan lag_meter::lag(time_point now) const {
  return in_flight_.empty()
           ? last_
           : std::max(last_, caf::timespan{now - in_flight_.front().sent});
}

bool lag_meter::is_busy(time_point now) const {
  auto late = late_;
  for (size_t i = 0; i < std::min<size_t>(2, in_flight_.size()); ++i)
    late += now - in_flight_[i].sent > longest_lag;
  return published_ - heard_ > most_under_way || late > 1;
}

} // namespace waybill::redis
