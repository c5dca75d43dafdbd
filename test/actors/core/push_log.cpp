#define CAF_SUITE push_log

#include "actors/core/push_log.hpp"

#include "test/fixture.hpp"

namespace push_log_suite {

using namespace waybill;

namespace {

using kind = trace_event::kind;

struct push_log_fixture {
  trace_events events(const std::string& id = "456") {
    return aut.events(id, "n1-");
  }

  push_log aut;
};

const auto routed = push{"", make_text("hello")};

} // namespace

CAF_TEST_FIXTURE_SCOPE(push_log_tests, push_log_fixture)

CAF_TEST(a push is named by its number and has a time) {
  auto before = trace_time();
  aut.taken("456", 7, routed);
  auto after = trace_time();
  auto all = events();
  CAF_REQUIRE_EQUAL(all.size(), 1u);
  CAF_CHECK(all[0].at >= before && all[0].at <= after);
  CAF_CHECK_EQUAL(all[0], (trace_event{"456", kind::taken, all[0].at, "n1-7", 0,
                                       "", 5, "routed"}));
}

CAF_TEST(an answered push has two events) {
  auto received = routed;
  received.want = receipt_level::received;
  auto entry = aut.taken("456", 7, received);
  auto before = trace_time();
  aut.answered(entry, 504);
  auto after = trace_time();
  auto all = events();
  CAF_REQUIRE_EQUAL(all.size(), 2u);
  CAF_CHECK_EQUAL(all[0].text, "received");
  CAF_CHECK(all[1].at >= before && all[1].at <= after);
  CAF_CHECK_EQUAL(all[1], (trace_event{"456", kind::answered, all[1].at, "n1-7",
                                       0, "", 504}));
}

CAF_TEST(pushes are answered in any order) {
  auto first = aut.taken("456", 1, routed);
  auto other = aut.taken("457", 2, routed);
  auto second = aut.taken("456", 3, routed);
  aut.answered(second, 200);
  aut.answered(other, 404);
  CAF_CHECK_EQUAL(events().size(), 3u);
  CAF_CHECK(events().back().push == "n1-3");
  CAF_CHECK(events("457").back().count == 404u);
  aut.answered(first, 503);
  CAF_REQUIRE_EQUAL(events().size(), 4u);
  CAF_CHECK(events()[1].count == 503u);
  CAF_CHECK(events()[3].count == 200u);
}

CAF_TEST(the answer to a push that is displaced is not recorded) {
  auto first = aut.taken("456", 1, routed);
  for (uint64_t i = 2; i <= 65; ++i)
    aut.taken("456", i, routed);
  aut.answered(first, 200);
  auto all = events();
  CAF_REQUIRE_EQUAL(all.size(), 64u);
  for (auto& event : all)
    CAF_CHECK(event.type == kind::taken);
  CAF_CHECK_EQUAL(all.front().push, "n1-2");
  CAF_CHECK_EQUAL(all.back().push, "n1-65");
}

CAF_TEST(a push that displaces another has not its answer) {
  aut.answered(aut.taken("456", 1, routed), 200);
  for (uint64_t i = 2; i <= 65; ++i)
    aut.taken("456", i, routed);
  CAF_CHECK_EQUAL(events().size(), 64u);
}

CAF_TEST(the answer to a push that is not recorded is ignored) {
  aut.answered({}, 200);
  CAF_CHECK(events().empty());
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace push_log_suite
