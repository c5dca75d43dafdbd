#include "actors/core/retry_schedule.hpp"

#include <algorithm>

namespace waybill {

retry_schedule::milliseconds retry_schedule::next(time_point now) {
  using duration = time_point::duration;
  auto jitter = random_between(min_jitter, max_jitter);
  if (per_second_ <= 0)
    return jitter;
  std::chrono::duration<double> step{1 / per_second_};
  auto turn = std::max(turn_, now) + std::chrono::duration_cast<duration>(step);
  auto delay = std::chrono::duration_cast<milliseconds>(turn - now);
  if (delay > max_delay)
    return random_between(max_delay / 2, max_delay);
  turn_ = turn;
  return delay + jitter;
}

retry_schedule::milliseconds retry_schedule::random_between(milliseconds first,
                                                            milliseconds last) {
  std::uniform_int_distribution<milliseconds::rep> among{first.count(),
                                                         last.count()};
  return milliseconds{among(random_)};
}

std::string to_seconds(std::chrono::milliseconds time) {
  auto tenths = (time.count() + 99) / 100;
  return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10);
}

} // namespace waybill
