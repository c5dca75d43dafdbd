#define CAF_SUITE slot_moves

#include "redis/slot_moves.hpp"

#include <caf/test/dsl.hpp>

namespace slot_moves_suite {

using namespace waybill::redis;
using namespace std::chrono_literals;

CAF_TEST(a slot has moved for two seconds) {
  slot_moves aut;
  slot_moves::time_point now{1h};
  slot_set one, two;
  one.set(1);
  two.set(2);
  aut.on_moved(one, now);
  aut.on_moved(two, now + 1s);
  CAF_CHECK(aut.has(1, now + 1999ms));
  CAF_CHECK(!aut.has(3, now + 1999ms));
  CAF_CHECK(!aut.has(1, now + 2s));
  CAF_CHECK(aut.has(2, now + 2s));
  CAF_CHECK(!aut.has(2, now + 3s));
}

} // namespace slot_moves_suite
