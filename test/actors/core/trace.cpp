#define CAF_SUITE trace

#include "actors/core/trace.hpp"

#include "actors/core/delivery_history.hpp"
#include "test/fixture.hpp"

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

test::texts kinds_of(const trace_events& all) {
  test::texts result;
  for (auto& event : all)
    result.push_back(to_string(event.type));
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

CAF_TEST(an event with only a delivery gets the id of the push) {
  waybill::trace aut;
  auto delivered = make_hop("456", 1, "named");
  delivered.type = trace_event::kind::delivered;
  delivered.delivery = 7;
  aut.add(delivered);
  auto written = make_hop("456", 2, "");
  written.delivery = 7;
  auto older = make_hop("456", 3, "");
  older.delivery = 6;
  auto all = aut.of("456", {written, older});
  CAF_CHECK_EQUAL(all.at(1).push, "named");
  CAF_CHECK_EQUAL(all.at(2).push, "");
}

CAF_TEST(a session keeps its last deliveries) {
  delivery_history aut;
  CAF_CHECK_EQUAL(aut.events("456", "peer"), trace_events{});
  for (uint64_t i = 1; i <= 10; ++i)
    aut.written({make_text("x"), nullptr, i}, i);
  auto all = aut.events("456", "peer");
  CAF_REQUIRE_EQUAL(all.size(), 9u);
  CAF_CHECK(all.front().type == trace_event::kind::forgotten);
  CAF_CHECK_EQUAL(all.front().at, all[3].at);
  CAF_CHECK_EQUAL(all[1].delivery, 9u);
  CAF_CHECK_EQUAL(all.back().delivery, 8u);
  CAF_CHECK_EQUAL(all.back().peer, "peer");
}

CAF_TEST(it records what its client has read and what was dropped) {
  delivery_history aut;
  aut.written({make_text("x"), nullptr, 1}, 1);
  aut.written({make_text("x"), nullptr, 2}, 2);
  aut.received(1);
  aut.dropped({make_text("x"), nullptr, 3});
  CAF_CHECK_EQUAL(kinds_of(aut.events("456", "peer")),
                  (test::texts{"written", "received", "written", "dropped"}));
}

CAF_TEST(it ignores frames to addresses other than its id) {
  delivery_history aut;
  aut.written({make_text("x")}, 1);
  auto news = push_address::topic("news");
  waybill::push push{"p"};
  aut.written({make_text("x"), std::make_unique<const delivery_info>(
                                 news, push, delivery_info::time_point{})},
              2);
  CAF_CHECK_EQUAL(aut.events("456", "peer"), trace_events{});
}
