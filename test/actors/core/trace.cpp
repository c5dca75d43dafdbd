#define CAF_SUITE trace

#include "actors/core/trace.hpp"

#include "test/fixture.hpp"

namespace trace_suite {

using namespace waybill;

namespace {

trace_event make_hop(const std::string& id, int64_t at,
                     const std::string& push = "p") {
  return {id, trace_event::kind::taken, at, push};
}

std::vector<int64_t> times_of(const trace_events& all) {
  std::vector<int64_t> result;
  for (auto& event : all)
    result.push_back(event.at);
  return result;
}

using times = std::vector<int64_t>;

} // namespace

CAF_TEST(a trace has the last events of an id in order of time) {
  waybill::trace aut{100, 3};
  for (int64_t at : {5, 1, 4, 2})
    aut.add(make_hop("456", at));
  CAF_CHECK_EQUAL(times_of(aut.of("456")), (times{1, 2, 4}));
  CAF_CHECK_EQUAL(times_of(aut.of("457")), times{});
  CAF_CHECK_EQUAL(times_of(aut.of("456", {make_hop("456", 3)})),
                  (times{1, 2, 3, 4}));
}

CAF_TEST(it drops the least recently active ids) {
  waybill::trace aut{4, 3};
  aut.add(make_hop("456", 1));
  aut.add(make_hop("457", 2));
  aut.add(make_hop("457", 3));
  aut.add(make_hop("456", 4));
  aut.add(make_hop("458", 5));
  CAF_CHECK_EQUAL(times_of(aut.of("457")), times{});
  CAF_CHECK_EQUAL(times_of(aut.of("456")), (times{1, 4}));
  CAF_CHECK_EQUAL(times_of(aut.of("458")), times{5});
}

CAF_TEST(events of one time have the order in which they are known) {
  waybill::trace aut;
  auto left = make_hop("456", 1, "");
  left.type = trace_event::kind::left;
  aut.add(left);
  auto all = aut.of("456", {make_hop("456", 1)});
  CAF_REQUIRE_EQUAL(all.size(), 2u);
  CAF_CHECK(all[0].type == trace_event::kind::taken);
  CAF_CHECK(all[1].type == trace_event::kind::left);
}

CAF_TEST(an event with only a delivery gets the id of the push) {
  waybill::trace aut;
  auto delivered = make_hop("456", 1, "named");
  delivered.type = trace_event::kind::delivered;
  delivered.delivery = 7;
  auto written = make_hop("456", 2, "");
  written.delivery = 7;
  auto older = make_hop("456", 3, "");
  older.delivery = 6;
  auto all = aut.of("456", {delivered, written, older});
  CAF_CHECK_EQUAL(all.at(1).push, "named");
  CAF_CHECK_EQUAL(all.at(2).push, "");
}

} // namespace trace_suite
