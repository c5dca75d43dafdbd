#define CAF_SUITE frame_rate_limiter

#include "net/websocket/frame_rate_limiter.hpp"

#include "test/fixture.hpp"

namespace frame_rate_limiter_suite {

using namespace waybill;
using namespace waybill::net;
using namespace std::chrono_literals;

namespace {

constexpr auto limits = client_rates{{1, 10}, {10, 60}};
const auto begin = token_bucket::time_point{} + 1h;

} // namespace

CAF_TEST(limits the frames per second) {
  frame_rate_limiter aut{limits};
  CAF_CHECK(aut.take(10, 0, begin));
  for (int second = 1; second < 10; ++second)
    CAF_CHECK(aut.take(1, 0, begin + second * 1s));
  CAF_CHECK(!aut.take(1, 0, begin + 9s));
}

CAF_TEST(limits the bytes per second) {
  frame_rate_limiter aut{limits};
  CAF_CHECK(aut.take(0, 60, begin));
  CAF_CHECK(!aut.take(0, 1, begin));
  CAF_CHECK(aut.take(0, 10, begin + 1s));
  CAF_CHECK(!aut.take(0, 1, begin + 1s));
}

CAF_TEST(does not count refunded frames) {
  frame_rate_limiter aut{limits};
  for (int i = 0; i < 100; ++i) {
    CAF_CHECK(aut.take(1, 0, begin));
    aut.refund();
  }
}

} // namespace frame_rate_limiter_suite
