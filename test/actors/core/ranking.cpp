#define CAF_SUITE ranking

#include "actors/core/ranking.hpp"

#include <caf/test/dsl.hpp>

namespace ranking_suite {

using namespace waybill;

CAF_TEST(the largest come first and equal ones by name) {
  std::vector<ranking::address> expected{{"b", 3}, {"a", 2}, {"c", 2}};
  CAF_CHECK(largest_of({{"c", 2}, {"b", 3}, {"a", 2}}) == expected);
}

CAF_TEST(an address that several nodes hold has their sessions together) {
  std::vector<ranking::address> expected{{"a", 3}, {"b", 2}};
  CAF_CHECK(largest_of({{"a", 1}, {"b", 2}, {"a", 2}}) == expected);
}

CAF_TEST(the list has an end) {
  std::vector<ranking::address> all;
  for (uint64_t i = 0; i < 2 * ranking::max_size; ++i)
    all.push_back({std::to_string(i), i});
  auto found = largest_of(all);
  CAF_REQUIRE_EQUAL(found.size(), ranking::max_size);
  CAF_CHECK_EQUAL(found.back().sessions, ranking::max_size);
}

} // namespace ranking_suite
