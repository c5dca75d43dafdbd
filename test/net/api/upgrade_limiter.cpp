#define CAF_SUITE upgrade_limiter

#include "net/api/upgrade_limiter.hpp"

#include <map>
#include <queue>
#include <vector>

#include "test/fixture.hpp"

namespace upgrade_limiter_suite {

using namespace waybill;
using namespace waybill::net;
using namespace std::chrono_literals;

namespace {

using time_point = upgrade_limiter::time_point;

const auto begin = time_point{} + 1h;

/// Opens a session.
/// @returns whether the limiter lets it.
bool open(upgrade_limiter& aut, time_point now) {
  if (aut.check(now))
    return false;
  aut.take(now);
  return true;
}

/// Returns how many of so many clients that come at once are let in.
int open_all(upgrade_limiter& aut, int clients, time_point now) {
  int result = 0;
  for (int i = 0; i < clients; ++i)
    result += open(aut, now);
  return result;
}

} // namespace

CAF_TEST(without a limit all are let in) {
  upgrade_limiter aut;
  CAF_CHECK_EQUAL(open_all(aut, 100'000, begin), 100'000);
  aut.put_back();
  CAF_CHECK(open(aut, begin));
}

CAF_TEST(a tenth of the rate may come at once) {
  upgrade_limiter aut{100};
  CAF_CHECK_EQUAL(open_all(aut, 1000, begin), 10);
  CAF_CHECK_EQUAL(open_all(aut, 1000, begin + 50ms), 5);
  CAF_MESSAGE("but always one");
  upgrade_limiter slow{0.5};
  CAF_CHECK_EQUAL(open_all(slow, 10, begin), 1);
  CAF_CHECK_EQUAL(open_all(slow, 10, begin + 1s), 0);
  CAF_CHECK_EQUAL(open_all(slow, 10, begin + 2s), 1);
}

CAF_TEST(a check alone counts nothing) {
  upgrade_limiter aut{1};
  for (int i = 0; i < 10; ++i)
    CAF_CHECK(!aut.check(begin));
}

CAF_TEST(a session that is refused for another reason leaves its share) {
  upgrade_limiter aut{10};
  CAF_CHECK(open(aut, begin));
  CAF_CHECK(!open(aut, begin));
  aut.put_back();
  CAF_CHECK(open(aut, begin));
  CAF_CHECK(!open(aut, begin));
}

CAF_TEST(all clients of a storm are let in at the rate) {
  constexpr int clients = 3000;
  constexpr int per_second = 200;
  upgrade_limiter aut{per_second};
  std::priority_queue<time_point, std::vector<time_point>, std::greater<>> due;
  for (int i = 0; i < clients; ++i)
    due.push(begin + std::chrono::milliseconds{i % 500});
  std::map<int64_t, int> opened;
  int64_t asked = 0;
  for (; !due.empty(); ++asked) {
    auto now = due.top();
    due.pop();
    if (auto retry = aut.check(now)) {
      due.push(now + *retry);
    } else {
      aut.take(now);
      ++opened[std::chrono::floor<std::chrono::seconds>(now - begin).count()];
    }
  }
  for (auto [second, count] : opened)
    CAF_CHECK(count <= per_second * 11 / 10);
  CAF_MESSAGE("in little more than the time that it allows");
  CAF_CHECK(opened.rbegin()->first <= clients / per_second * 5 / 4 + 1);
  CAF_MESSAGE("and few have to ask more than twice");
  CAF_CHECK(asked <= 5 * clients / 2);
}

} // namespace upgrade_limiter_suite
