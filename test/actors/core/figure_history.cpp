#define CAF_SUITE figure_history

#include "actors/core/figure_history.hpp"

#include <cmath>

#include <caf/test/dsl.hpp>

namespace figure_history_suite {

using namespace waybill;
using namespace std::chrono_literals;

namespace {

struct history_fixture {
  /// Adds counters, some seconds after the last ones.
  void add(counters now, std::chrono::seconds later = 5s) {
    time += later;
    aut.add(now, time);
  }

  double last(const std::string& name) {
    return aut.all().figures.at(name).back();
  }

  figure_history aut;
  figure_history::time_point time{1h};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(figure_history_tests, history_fixture)

CAF_TEST(the first counters say nothing of a time) {
  add({{"sessions", 3}});
  CAF_CHECK(aut.all().times.empty());
  add({{"sessions", 4}});
  CAF_CHECK_EQUAL(aut.all().times.size(), 1u);
  CAF_CHECK_EQUAL(last("sessions"), 4);
}

CAF_TEST(counters become rates) {
  add({{"answers_200", 100}, {"deliveries", 7}});
  add({{"answers_200", 110}, {"answers_503", 5}, {"deliveries", 7}});
  CAF_CHECK_EQUAL(last("answers_200"), 2);
  CAF_CHECK_EQUAL(last("answers_503"), 1);
  CAF_CHECK_EQUAL(last("pushes"), 3);
  CAF_CHECK_EQUAL(last("deliveries"), 0);
  CAF_MESSAGE("by the time that has really passed");
  add({{"answers_200", 110}, {"answers_503", 15}}, 10s);
  CAF_CHECK_EQUAL(last("answers_503"), 1);
}

CAF_TEST(a latency is that of the pushes of the time) {
  add({{"received_count", 5}, {"received_in_500ms", 5}});
  CAF_MESSAGE("and there is none without pushes");
  add({{"received_count", 5}, {"received_in_500ms", 5}});
  CAF_CHECK(std::isnan(last("received_p50")));
  add({{"received_count", 9},
       {"received_in_2ms", 2},
       {"received_in_10ms", 2},
       {"received_in_500ms", 5}});
  CAF_CHECK_EQUAL(last("received_p50"), 0.002f);
  CAF_CHECK(last("received_p99") > 0.009 && last("received_p99") < 0.01);
  CAF_MESSAGE("up to the last bound");
  add({{"received_count", 19}, {"received_in_500ms", 5}});
  CAF_CHECK_EQUAL(last("received_p99"), 5);
}

CAF_TEST(an hour is kept) {
  for (size_t i = 0; i < figure_history::capacity + 10; ++i)
    add({{"sessions", i}});
  auto& all = aut.all();
  CAF_CHECK_EQUAL(all.times.size(), figure_history::capacity);
  for (auto& [name, values] : all.figures)
    CAF_CHECK_EQUAL(values.size(), figure_history::capacity);
  CAF_CHECK_EQUAL(all.figures.at("sessions").front(), 10);
  CAF_CHECK(all.times.back() == time);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace figure_history_suite
