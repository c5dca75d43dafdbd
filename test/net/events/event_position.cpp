#define CAF_SUITE event_position

#include "net/events/event_position.hpp"

#include <caf/test/dsl.hpp>

namespace event_position_suite {

using namespace std::chrono_literals;
using waybill::net::event_position;

namespace {

const auto now = std::chrono::sys_seconds{1'800'000'000s};

} // namespace

CAF_TEST(a position is its entry) {
  for (auto text : {"1800000000000-0", "1800000000000-17", "57"}) {
    auto position = event_position::parse(text);
    CAF_REQUIRE(position);
    CAF_CHECK_EQUAL(position->entry, text);
    CAF_CHECK(!position->closed);
    CAF_CHECK_EQUAL(to_string(*position), text);
  }
}

CAF_TEST(a client that has read nothing has a position) {
  CAF_CHECK_EQUAL(to_string(event_position{}), "0");
  CAF_CHECK(event_position::parse("0") == event_position{});
}

CAF_TEST(a position tells when the stream was closed) {
  event_position position{"57-0", now};
  CAF_CHECK_EQUAL(to_string(position), "57-0;closed=1800000000");
  CAF_CHECK(event_position::parse("57-0;closed=1800000000") == position);
  CAF_CHECK(event_position::parse("0;closed=1800000000")
            == (event_position{"", now}));
}

CAF_TEST(other texts are no positions) {
  for (auto text : {"", "-", "1-", "-1", "a", "1-0 ", " 1", "1-2-3", "+1",
                    "1-0;", "1;closed=", "1;closed=x", "1;closed=1;closed=1",
                    "$", "1234567890123456789", "1-1234567890123456789",
                    "1;closed=1234567890123456789"})
    CAF_CHECK(!event_position::parse(text));
}

CAF_TEST(a closed stream is final for a minute) {
  event_position position{"", now};
  CAF_CHECK(position.is_final(now));
  CAF_CHECK(position.is_final(now + 59s));
  CAF_CHECK(!position.is_final(now + 60s));
  CAF_MESSAGE("the clock of another node may be behind");
  CAF_CHECK(position.is_final(now - 59s));
  CAF_CHECK(!position.is_final(now - 60s));
  CAF_CHECK(!event_position{}.is_final(now));
  auto far = event_position::parse("0;closed=999999999999999999");
  CAF_CHECK(far && !far->is_final(now));
}

} // namespace event_position_suite
