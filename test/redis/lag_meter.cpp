#define CAF_SUITE lag_meter

#include "redis/lag_meter.hpp"
#include "test/fixture.hpp"

namespace lag_meter_suite {

using namespace waybill::redis;
using namespace std::chrono_literals;

namespace {

struct lag_meter_fixture {
  lag_meter aut;
  lag_meter::time_point now{};

  /// Sends a canary that returns after some time.
  void pass(std::chrono::milliseconds time) {
    aut.on_sent(++number, now);
    now += time;
    aut.on_heard(number, now);
  }

  uint64_t number = 0;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(lag_meter_tests, lag_meter_fixture)

CAF_TEST(the lag is that of the last canary or of one that is longer away) {
  CAF_CHECK(aut.lag(now) == 0ms);
  pass(20ms);
  CAF_CHECK(aut.lag(now + 1s) == 20ms);
  aut.on_sent(2, now);
  CAF_CHECK(aut.lag(now + 10ms) == 20ms);
  CAF_CHECK(aut.lag(now + 1s) == 1s);
  aut.reset();
  CAF_CHECK(aut.lag(now + 1s) == 0ms);
}

CAF_TEST(a canary that comes back stands for those before it) {
  aut.on_sent(1, now);
  aut.on_sent(2, now + 10ms);
  aut.on_heard(2, now + 30ms);
  CAF_CHECK(aut.lag(now + 1s) == 20ms);
}

CAF_TEST(one late canary is no overload and two are) {
  pass(300ms);
  CAF_CHECK(!aut.is_busy(now));
  aut.on_sent(2, now);
  CAF_CHECK(!aut.is_busy(now + 250ms));
  CAF_CHECK(aut.is_busy(now + 251ms));
  aut.on_heard(2, now + 300ms);
  CAF_CHECK(aut.is_busy(now + 300ms));
  CAF_MESSAGE("until one is in time");
  pass(10ms);
  CAF_CHECK(!aut.is_busy(now));
}

CAF_TEST(no more than 8 MiB may be under way) {
  CAF_CHECK(!aut.wants_canary());
  for (int i = 0; i < 8; ++i) {
    aut.on_published(1 << 20);
    CAF_CHECK(aut.wants_canary());
    aut.on_sent(++number, now);
    CAF_CHECK(!aut.wants_canary());
  }
  CAF_CHECK(!aut.is_busy(now));
  aut.on_published(1);
  CAF_CHECK(aut.is_busy(now));
  aut.on_heard(1, now);
  CAF_CHECK(!aut.is_busy(now));
}

CAF_TEST(a node is busy while two canaries are late that have not returned) {
  aut.on_sent(1, now);
  aut.on_sent(2, now + 500ms);
  CAF_CHECK(!aut.is_busy(now + 700ms));
  CAF_CHECK(aut.is_busy(now + 800ms));
  aut.on_heard(2, now + 800ms);
  CAF_CHECK(aut.is_busy(now + 800ms));
  aut.on_sent(3, now + 1s);
  aut.on_heard(3, now + 1010ms);
  CAF_CHECK(!aut.is_busy(now + 1010ms));
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace lag_meter_suite
