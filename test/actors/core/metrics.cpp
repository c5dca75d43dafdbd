#define CAF_SUITE metrics

#include "actors/core/metrics.hpp"

#include <set>
#include <string_view>

#include "test/fixture.hpp"

namespace metrics_suite {

using namespace waybill;
using namespace std::chrono_literals;

namespace {

struct metrics_fixture : test::fixture {
  waybill::metrics aut;
};

/// Returns the metrics that are shown while nothing has been counted.
counters shown(room feeder) {
  return to_counters(waybill::metrics{feeder});
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(metrics_tests, metrics_fixture)

CAF_TEST(names are unique) {
  std::set<std::string_view> names;
  for (auto& row : metric_table)
    CAF_CHECK(names.insert(row.json_name).second);
  for (auto& row : latency_table)
    CAF_CHECK(names.insert(row.json_name).second);
}

CAF_TEST(metrics of one family are adjacent and have different values) {
  std::set<std::string> families;
  std::set<std::string> samples;
  auto add = [&, last = std::string{}](const auto& row) mutable {
    std::string name = row.family.name;
    CAF_MESSAGE(name);
    if (name != last)
      CAF_CHECK(families.insert(name).second);
    last = name;
    CAF_CHECK(samples.insert(name + ' ' + (row.value ? row.value : "")).second);
    auto has_value
      = row.family.label != nullptr || row.family.kind == metric_kind::summary;
    CAF_CHECK_EQUAL(row.value != nullptr, has_value);
  };
  for (auto& row : metric_table)
    add(row);
  for (auto& row : latency_table)
    add(row);
}

CAF_TEST(a room shows its metrics from the start) {
  CAF_CHECK(to_counters(aut).empty());
  CAF_CHECK(shown(room::actors).at("joins") == 0u);
  CAF_CHECK(shown(room::net).at("refused_requests") == 0u);
  CAF_CHECK(shown(room::redis).at("links_lost") == 0u);
  CAF_CHECK_EQUAL(shown(room::actors).count("links_lost"), 0u);
  CAF_MESSAGE("but answers and histograms once there is one");
  CAF_CHECK_EQUAL(shown(room::net).count("answers_200"), 0u);
  CAF_CHECK_EQUAL(shown(room::net).count("lag_count"), 0u);
}

CAF_TEST(each metric is shown under its name once it was counted) {
  for (auto& row : metric_table) {
    waybill::metrics one;
    one[row.id] = 7;
    CAF_CHECK_EQUAL(to_counters(one), (counters{{row.json_name, 7}}));
  }
}

CAF_TEST(a histogram is shown with the buckets that are not empty) {
  aut[latency::written].add(0us);
  CAF_CHECK_EQUAL(to_counters(aut), (counters{{"written_count", 1},
                                              {"written_in_1ms", 1},
                                              {"written_microseconds", 0}}));
  aut[latency::written].add(30ms);
  aut[latency::lag].add(6s);
  CAF_CHECK_EQUAL(to_counters(aut),
                  (counters{{"lag_count", 1},
                            {"lag_microseconds", 6'000'000},
                            {"written_count", 2},
                            {"written_in_1ms", 1},
                            {"written_in_50ms", 1},
                            {"written_microseconds", 30'000}}));
}

CAF_TEST(counters add up and of peaks the largest counts) {
  aut[metric::pushes] = 2;
  aut[metric::servers_away] = 1;
  aut[metric::nodes] = 3;
  aut[metric::redis_evicts] = 1;
  waybill::metrics other;
  other[metric::pushes] = 5;
  other[metric::servers_away] = 1;
  other[metric::nodes] = 2;
  other[metric::bus_lag_microseconds] = 9;
  other[latency::lag].add(1ms);
  aut += other;
  aut += other;
  CAF_CHECK_EQUAL(aut[metric::pushes], 12u);
  CAF_CHECK_EQUAL(aut[metric::servers_away], 3u);
  CAF_CHECK_EQUAL(aut[metric::nodes], 3u);
  CAF_CHECK_EQUAL(aut[metric::redis_evicts], 1u);
  CAF_CHECK_EQUAL(aut[metric::bus_lag_microseconds], 9u);
  CAF_CHECK_EQUAL(aut[latency::lag].count(), 2u);
}

CAF_TEST(a sum shows the metrics of all rooms) {
  auto all = shown(room::net);
  all.merge(shown(room::redis));
  aut += waybill::metrics{room::net};
  aut += waybill::metrics{room::redis};
  CAF_CHECK_EQUAL(to_counters(aut), all);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace metrics_suite
