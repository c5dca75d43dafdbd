#define CAF_SUITE retry_schedule

#include "actors/core/retry_schedule.hpp"

#include <algorithm>
#include <vector>

#include "test/fixture.hpp"

namespace retry_schedule_suite {

using namespace waybill;
using namespace std::chrono_literals;

namespace {

using milliseconds = retry_schedule::milliseconds;

const auto now = retry_schedule::time_point{} + 1h;

/// Returns the times of so many clients that ask at once, in order.
std::vector<milliseconds> ask(retry_schedule& aut, size_t clients) {
  std::vector<milliseconds> result;
  for (size_t i = 0; i < clients; ++i)
    result.push_back(aut.next(now));
  std::sort(result.begin(), result.end());
  return result;
}

/// Returns the number of times from `first` to a second later.
ptrdiff_t count_from(const std::vector<milliseconds>& times,
                     milliseconds first) {
  return std::count_if(times.begin(), times.end(), [first](auto time) {
    return time >= first && time < first + 1s;
  });
}

} // namespace

CAF_TEST(clients are spread over a second whatever the rate is) {
  for (double rate : {0.0, 1e6}) {
    retry_schedule aut{rate, 1};
    auto times = ask(aut, 1000);
    CAF_CHECK(times.front() >= 100ms && times.front() < 150ms);
    CAF_CHECK(times.back() > 950ms && times.back() <= 1001ms);
  }
}

CAF_TEST(no more clients come in a second than the rate allows) {
  retry_schedule aut{100, 1};
  auto times = ask(aut, 2000);
  for (auto first = 0s; first < 22s; ++first)
    CAF_CHECK(count_from(times, first) <= 110);
  CAF_MESSAGE("and no second is left out");
  for (auto first = 1s; first < 20s; ++first)
    CAF_CHECK(count_from(times, first) >= 90);
  CAF_CHECK(times.back() <= 21s);
}

CAF_TEST(turns that have passed are forgotten) {
  retry_schedule aut{100, 1};
  ask(aut, 500);
  CAF_CHECK(aut.next(now + 2s) > 3s);
  CAF_CHECK(aut.next(now + 6s) <= 1010ms);
}

CAF_TEST(nobody waits for much longer than the limit) {
  retry_schedule aut{10, 1};
  auto times = ask(aut, 1300);
  CAF_CHECK(times.back() <= 31s);
  CAF_MESSAGE("those who would are spread over its second half");
  for (auto first = 15s; first < 30s; ++first) {
    CAF_CHECK(count_from(times, first) >= 10 + 40);
    CAF_CHECK(count_from(times, first) <= 10 + 100);
  }
  CAF_CHECK(count_from(times, 10s) <= 20);
}

CAF_TEST(the rate can change) {
  retry_schedule aut{10, 1};
  ask(aut, 100);
  aut.set_rate(1000);
  CAF_CHECK(ask(aut, 1000).back() <= 12s);
}

CAF_TEST(seconds have one decimal and are rounded up) {
  CAF_CHECK_EQUAL(to_seconds(0ms), "0.0");
  CAF_CHECK_EQUAL(to_seconds(100ms), "0.1");
  CAF_CHECK_EQUAL(to_seconds(7201ms), "7.3");
  CAF_CHECK_EQUAL(to_seconds(31s), "31.0");
}

} // namespace retry_schedule_suite
