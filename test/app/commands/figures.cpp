#define CAF_SUITE figures

#include "app/commands/figures.hpp"

#include <cmath>

#include <caf/test/dsl.hpp>

namespace figures_suite {

using namespace waybill::app;
using nlohmann::json;

namespace {

cluster_sample sample(double time, const json& node) {
  json all = node;
  all["node"] = "n1";
  return {time, {{"nodes", {all}}, {"unknown", 0}}};
}

} // namespace

CAF_TEST(rates are the growth of counters in a second) {
  auto before = sample(10, {{"answers_200", 100}, {"deliveries", 7}});
  auto now = sample(12, {{"answers_200", 150},
                         {"answers_404", 10},
                         {"deliveries", 8},
                         {"sessions", 3},
                         {"queued_bytes", 2048}});
  auto node = rates_of(now, before)["nodes"][0];
  CAF_CHECK_EQUAL(node["pushes_per_second"], 30);
  CAF_CHECK_EQUAL(node["deliveries_per_second"], 0.5);
  CAF_CHECK_EQUAL(node["sessions"], 3);
  auto row = rows_of(rates_of(now, before)).at(1);
  CAF_CHECK_EQUAL(row, (std::vector<std::string>{"n1", "", "3", "0", "30.0",
                                                 "0.5", "-", "-", "2.0 KiB"}));
}

CAF_TEST(a node that was started again counts from 0) {
  auto node = rates_of(sample(11, {{"answers_200", 5}}),
                       sample(10, {{"answers_200", 100}}))["nodes"][0];
  CAF_CHECK_EQUAL(node["pushes_per_second"], 5);
}

CAF_TEST(a node that has just come has no rates) {
  auto before = sample(10, json::object());
  before.figures["nodes"][0]["node"] = "n2";
  auto now = sample(11, {{"answers_200", 5}});
  CAF_CHECK(!rates_of(now, before)["nodes"][0].contains("pushes_per_second"));
  CAF_CHECK(!rates_of(now, now)["nodes"][0].contains("pushes_per_second"));
}

CAF_TEST(quantiles are interpolated in their bucket) {
  json before{{"received_count", 10}, {"received_in_1ms", 10}};
  json now{
    {"received_count", 110}, {"received_in_1ms", 60}, {"received_in_5ms", 50}};
  auto is = [&](double q, double time) {
    CAF_REQUIRE(push_quantile(q, now, before));
    CAF_CHECK(std::abs(*push_quantile(q, now, before) - time) < 1e-9);
  };
  is(0.25, 0.5);
  is(0.5, 1);
  is(0.75, 3.5);
  CAF_CHECK(!push_quantile(0.5, now, now));
  CAF_MESSAGE("beyond the largest limit, that is all that is known");
  now["received_count"] = 1000;
  is(0.99, 5000);
}

} // namespace figures_suite
