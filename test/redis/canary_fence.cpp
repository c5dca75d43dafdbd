#define CAF_SUITE canary_fence

#include "redis/canary_fence.hpp"

#include <string>

#include <caf/test/dsl.hpp>

namespace canary_fence_suite {

using namespace waybill::redis;

namespace {

struct fence_fixture {
  void add(uint64_t canary) {
    aut.add(canary, [this, canary](bool has_returned) {
      told += std::to_string(canary) + (has_returned ? '+' : '-');
    });
  }

  canary_fence aut;
  std::string told;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(canary_fence_tests, fence_fixture)

CAF_TEST(results wait for their canary or a later one) {
  for (auto canary : {1, 1, 2, 4})
    add(canary);
  aut.on_returned(0);
  CAF_CHECK_EQUAL(told, "");
  aut.on_returned(1);
  CAF_CHECK_EQUAL(told, "1+1+");
  aut.on_returned(3);
  CAF_CHECK_EQUAL(told, "1+1+2+");
}

CAF_TEST(results are told once that no canary returns) {
  add(1);
  add(2);
  aut.on_lost();
  aut.on_returned(2);
  CAF_CHECK_EQUAL(told, "1-2-");
}

CAF_TEST(a canary is needed as long as results wait for it) {
  CAF_CHECK(!aut.needs_more_than(0));
  add(2);
  CAF_CHECK(aut.needs_more_than(1));
  CAF_CHECK(!aut.needs_more_than(2));
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace canary_fence_suite
