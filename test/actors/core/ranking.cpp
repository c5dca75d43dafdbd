#define CAF_SUITE ranking

#include "actors/core/ranking.hpp"

#include <caf/test/dsl.hpp>

namespace ranking_suite {

using namespace waybill;

CAF_TEST(the largest come first and equal ones by name) {
  std::vector<ranking::address> list;
  add_to(list, "c", 2);
  add_to(list, "b", 3);
  add_to(list, "a", 2);
  std::vector<ranking::address> expected{{"b", 3}, {"a", 2}, {"c", 2}};
  CAF_CHECK(list == expected);
}

CAF_TEST(a full list keeps the largest) {
  std::vector<ranking::address> list;
  for (uint64_t i = 0; i < 2 * ranking::max_size; ++i)
    add_to(list, std::to_string(i), i);
  auto full = list;
  CAF_REQUIRE_EQUAL(list.size(), ranking::max_size);
  CAF_CHECK_EQUAL(list.front().sessions, 2 * ranking::max_size - 1);
  CAF_CHECK_EQUAL(list.back().sessions, ranking::max_size);
  CAF_MESSAGE("and takes no smaller one");
  add_to(list, "small", ranking::max_size - 1);
  CAF_CHECK(list == full);
}

} // namespace ranking_suite
