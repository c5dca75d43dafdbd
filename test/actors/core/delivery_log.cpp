#define CAF_SUITE delivery_log

#include "actors/core/delivery_log.hpp"

#include "test/fixture.hpp"

namespace delivery_log_suite {

using namespace waybill;

CAF_TEST(a delivery has a number and a time) {
  delivery_log aut;
  auto before = trace_time();
  CAF_CHECK_EQUAL(aut.add("456", "n1-1", 2), 1u);
  auto after = trace_time();
  CAF_CHECK_EQUAL(aut.add("457", "n1-2", 1), 2u);
  auto all = aut.events("456");
  CAF_REQUIRE_EQUAL(all.size(), 1u);
  CAF_CHECK(all[0].at >= before && all[0].at <= after);
  CAF_CHECK_EQUAL(all[0], (trace_event{"456", trace_event::kind::delivered,
                                       all[0].at, "n1-1", 1, "", 2}));
  CAF_CHECK_EQUAL(aut.events("458"), trace_events{});
}

CAF_TEST(a delivery that displaces another has nothing of it) {
  delivery_log aut;
  std::string name(50, 'n');
  for (int i = 0; i < 64; ++i)
    aut.add("456", name, 1);
  aut.add("456", "", 0);
  auto all = aut.events("456");
  CAF_REQUIRE_EQUAL(all.size(), 64u);
  CAF_CHECK_EQUAL(all.front().push, name);
  CAF_CHECK_EQUAL(all.front().delivery, 2u);
  CAF_CHECK_EQUAL(all.back().push, "");
  CAF_CHECK_EQUAL(all.back().delivery, 65u);
  CAF_CHECK_EQUAL(all.back().count, 0u);
}

} // namespace delivery_log_suite
