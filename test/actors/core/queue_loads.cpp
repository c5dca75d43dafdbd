#define CAF_SUITE queue_loads

#include "actors/core/queue_loads.hpp"

#include <limits>

#include <caf/test/dsl.hpp>

namespace queue_loads_suite {

using namespace waybill;

CAF_TEST(without sessions there is no load) {
  queue_loads aut;
  CAF_CHECK_EQUAL(aut.total(), 0u);
  aut.set(1, 0);
  CAF_CHECK_EQUAL(aut.total(), 0u);
}

CAF_TEST(the total follows queues that grow and shrink) {
  queue_loads aut;
  aut.set(1, 10);
  aut.set(2, 20);
  CAF_CHECK_EQUAL(aut.total(), 30u);
  aut.set(1, 15);
  CAF_CHECK_EQUAL(aut.total(), 35u);
  aut.set(2, 1);
  CAF_CHECK_EQUAL(aut.total(), 16u);
  aut.set(1, 0);
  CAF_CHECK_EQUAL(aut.total(), 1u);
  aut.set(1, 0);
  CAF_CHECK_EQUAL(aut.total(), 1u);
  aut.set(2, 0);
  CAF_CHECK_EQUAL(aut.total(), 0u);
}

CAF_TEST(the largest queue is that of now) {
  queue_loads aut;
  aut.set(1, 10);
  CAF_CHECK_EQUAL(aut.largest(), 1u);
  aut.set(2, 11);
  CAF_CHECK_EQUAL(aut.largest(), 2u);
  aut.set(2, 9);
  CAF_CHECK_EQUAL(aut.largest(), 1u);
  aut.set(1, 8);
  CAF_CHECK_EQUAL(aut.largest(), 2u);
  aut.set(2, 0);
  CAF_CHECK_EQUAL(aut.largest(), 1u);
}

CAF_TEST(queues of one size are all counted and all found) {
  queue_loads aut;
  for (caf::actor_id session : {1, 2, 3})
    aut.set(session, 10);
  CAF_CHECK_EQUAL(aut.total(), 30u);
  std::set<caf::actor_id> found;
  for (int i = 0; i < 3; ++i) {
    found.insert(aut.largest());
    aut.set(aut.largest(), 0);
  }
  CAF_CHECK_EQUAL(found, (std::set<caf::actor_id>{1, 2, 3}));
  CAF_CHECK_EQUAL(aut.total(), 0u);
}

CAF_TEST(a load that is set twice counts once) {
  queue_loads aut;
  aut.set(1, 10);
  aut.set(1, 10);
  CAF_CHECK_EQUAL(aut.total(), 10u);
  aut.set(1, 0);
  CAF_CHECK_EQUAL(aut.total(), 0u);
}

CAF_TEST(a total has room for more than 4 GiB) {
  queue_loads aut;
  constexpr auto half = std::numeric_limits<uint64_t>::max() / 2;
  aut.set(1, half);
  aut.set(2, half);
  CAF_CHECK_EQUAL(aut.total(), 2 * half);
}

} // namespace queue_loads_suite
