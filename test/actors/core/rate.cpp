#define CAF_SUITE rate

#include "actors/core/rate.hpp"

#include "test/fixture.hpp"

namespace rate_suite {

using namespace waybill;
using namespace std::chrono_literals;

namespace {

constexpr auto limit = rate{10, 3};
const auto begin = token_bucket::time_point{} + 1h;

} // namespace

CAF_TEST(takes a burst and then the average rate) {
  token_bucket aut;
  for (int i = 0; i < 3; ++i)
    CAF_CHECK(aut.take(limit, begin) == 0s);
  CAF_MESSAGE("and returns the time until the next token");
  CAF_CHECK(aut.take(limit, begin) == 100ms);
  CAF_CHECK(aut.take(limit, begin + 60ms) == 40ms);
  CAF_CHECK(aut.take(limit, begin + 100ms) == 0s);
  CAF_CHECK(aut.take(limit, begin + 100ms) == 100ms);
}

CAF_TEST(never holds more than a burst) {
  token_bucket aut;
  for (int i = 0; i < 3; ++i)
    CAF_CHECK(aut.take(limit, begin + 1h) == 0s);
  CAF_CHECK(aut.take(limit, begin + 1h) > 0s);
  CAF_MESSAGE("even if tokens are put back that were not taken");
  token_bucket other;
  other.put_back();
  CAF_CHECK(other.take(limit, begin, 3) == 0s);
  CAF_CHECK(other.take(limit, begin) == 100ms);
}

CAF_TEST(takes more than a burst when it is full and makes up for it) {
  token_bucket aut;
  CAF_CHECK(aut.take(limit, begin, 13) == 0s);
  CAF_CHECK(aut.take(limit, begin) == 1100ms);
  CAF_CHECK(aut.take(limit, begin + 1100ms) == 0s);
}

CAF_TEST(a token can be put back) {
  token_bucket aut;
  CAF_CHECK(aut.take(limit, begin, 3) == 0s);
  aut.put_back();
  CAF_CHECK(aut.take(limit, begin) == 0s);
  CAF_CHECK(aut.take(limit, begin) == 100ms);
}

CAF_TEST(limits each key and removes full buckets) {
  rate_limiter aut{limit};
  CAF_CHECK(aut.take("a", begin, 3) == 0s);
  CAF_CHECK(aut.take("a", begin) > 0s);
  CAF_CHECK(aut.take("b", begin) == 0s);
  for (int second = 0; second < 100; ++second)
    for (int i = 0; i < 100; ++i)
      aut.take(std::to_string(second * 100 + i), begin + second * 1s);
  CAF_CHECK(aut.size() <= 1000);
}

CAF_TEST(keeps buckets that are not full) {
  rate_limiter aut{limit};
  CAF_CHECK(aut.take("a", begin, 3 + 20 * 10) == 0s);
  for (int i = 0; i < 5000; ++i)
    aut.take(std::to_string(i), begin + 10s);
  CAF_CHECK(aut.take("a", begin + 10s) > 10s);
}

CAF_TEST(the time to wait is that of a take that fails) {
  token_bucket aut;
  CAF_CHECK(aut.wait_time(limit, begin, 3) == 0s);
  CAF_CHECK(aut.take(limit, begin, 3) == 0s);
  CAF_CHECK(aut.wait_time(limit, begin) == 100ms);
  CAF_CHECK(aut.wait_time(limit, begin + 100ms) == 0s);
  CAF_CHECK(aut.wait_time(limit, begin + 100ms, 2) == 100ms);
}

CAF_TEST(a meter averages over about a second) {
  rate_meter aut;
  CAF_CHECK(aut.per_second(begin) == 0);
  for (int i = 0; i < 1000; ++i)
    aut.add(begin + i * 10ms);
  auto end = begin + 10s;
  CAF_CHECK(aut.per_second(end) > 95 && aut.per_second(end) < 105);
  CAF_CHECK(aut.per_second(end + 1s) < 40);
  CAF_CHECK(aut.per_second(end + 10s) < 0.01);
}

} // namespace rate_suite
