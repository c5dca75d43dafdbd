#define CAF_SUITE admission

#include "actors/core/admission.hpp"

#include <caf/test/dsl.hpp>

namespace admission_suite {

using namespace waybill;

namespace {

/// Returns the limit that refuses a session; nothing if it is let in.
std::string refusal_of(const std::optional<errc>& x) {
  return x ? to_string(*x) : "";
}

} // namespace

CAF_TEST(without limits everybody is let in) {
  admission aut{{}};
  for (int i = 0; i < 1000; ++i)
    CAF_REQUIRE_EQUAL(refusal_of(aut.take("1", "peer", 1'000'000, 1'000'000)),
                      "");
}

CAF_TEST(sessions and places that are taken share the limit of the node) {
  admission aut{{3, 0, 0}};
  CAF_CHECK_EQUAL(refusal_of(aut.take("1", "a", 1, 0)), "");
  CAF_CHECK_EQUAL(refusal_of(aut.take("2", "b", 1, 0)), "");
  CAF_CHECK_EQUAL(refusal_of(aut.take("3", "c", 1, 0)), "node_full");
  CAF_MESSAGE("a place that is given back is free");
  aut.give_back("1", "a");
  CAF_CHECK_EQUAL(refusal_of(aut.take("3", "c", 1, 0)), "");
  CAF_MESSAGE("a lower limit than there are sessions lets nobody in");
  CAF_CHECK_EQUAL(refusal_of(aut.take("4", "d", 4, 0)), "node_full");
}

CAF_TEST(sessions and places of an id share its limit) {
  admission aut{{0, 2, 0}};
  CAF_CHECK_EQUAL(refusal_of(aut.take("1", "a", 9, 1)), "");
  CAF_CHECK_EQUAL(refusal_of(aut.take("1", "b", 9, 1)), "id_full");
  CAF_CHECK_EQUAL(refusal_of(aut.take("2", "b", 9, 1)), "");
  CAF_MESSAGE("its session counts when the place is given back");
  aut.give_back("1", "a");
  CAF_CHECK_EQUAL(refusal_of(aut.take("1", "a", 9, 2)), "id_full");
  CAF_CHECK_EQUAL(refusal_of(aut.take("1", "a", 9, 1)), "");
}

CAF_TEST(a peer keeps its place when it becomes a session) {
  admission aut{{0, 0, 2}};
  CAF_CHECK_EQUAL(refusal_of(aut.take("1", "a", 0, 0)), "");
  aut.joined("a");
  aut.give_back("1", "a");
  CAF_CHECK_EQUAL(refusal_of(aut.take("2", "a", 1, 0)), "");
  CAF_CHECK_EQUAL(refusal_of(aut.take("3", "a", 1, 0)), "peer_full");
  CAF_CHECK_EQUAL(refusal_of(aut.take("3", "b", 1, 0)), "");
  CAF_MESSAGE("until the session has gone");
  aut.left("a");
  CAF_CHECK_EQUAL(refusal_of(aut.take("3", "a", 0, 0)), "");
  CAF_CHECK_EQUAL(refusal_of(aut.take("4", "a", 0, 0)), "peer_full");
}

CAF_TEST(one who is refused takes no place) {
  admission aut{{0, 1, 2}};
  CAF_CHECK_EQUAL(refusal_of(aut.take("1", "a", 0, 0)), "");
  for (int i = 0; i < 10; ++i)
    CAF_CHECK_EQUAL(refusal_of(aut.take("1", "a", 0, 0)), "id_full");
  CAF_CHECK_EQUAL(refusal_of(aut.take("2", "a", 0, 0)), "");
  for (int i = 0; i < 10; ++i)
    CAF_CHECK_EQUAL(refusal_of(aut.take("3", "a", 0, 0)), "peer_full");
  CAF_CHECK_EQUAL(refusal_of(aut.take("3", "b", 0, 0)), "");
}

CAF_TEST(of several limits the widest is named) {
  admission aut{{1, 1, 1}};
  CAF_CHECK_EQUAL(refusal_of(aut.take("1", "a", 0, 0)), "");
  CAF_CHECK_EQUAL(refusal_of(aut.take("1", "a", 0, 0)), "node_full");
  admission ids{{2, 1, 1}};
  CAF_CHECK_EQUAL(refusal_of(ids.take("1", "a", 0, 0)), "");
  CAF_CHECK_EQUAL(refusal_of(ids.take("1", "a", 0, 0)), "id_full");
}

CAF_TEST(a peer that was never counted cannot leave twice) {
  admission aut{{0, 0, 1}};
  aut.left("a");
  aut.left("a");
  CAF_CHECK_EQUAL(refusal_of(aut.take("1", "a", 0, 0)), "");
  CAF_CHECK_EQUAL(refusal_of(aut.take("2", "a", 0, 0)), "peer_full");
}

CAF_TEST(headroom is the rest of the rate and at most the free places) {
  admission aut{{.in_total = 100, .per_second = 10}};
  CAF_CHECK_EQUAL(aut.headroom(0, 0), 10u);
  CAF_CHECK_EQUAL(aut.headroom(50, 3.4), 7u);
  CAF_CHECK_EQUAL(aut.headroom(50, 10.6), 0u);
  CAF_CHECK_EQUAL(aut.headroom(95, 0), 5u);
  CAF_MESSAGE("a place that is taken is not free");
  aut.take("1", "a", 95, 0);
  CAF_CHECK_EQUAL(aut.headroom(95, 0), 4u);
  CAF_CHECK_EQUAL(aut.headroom(101, 0), 0u);
}

CAF_TEST(without a rate headroom is the number of free places) {
  admission aut{{.in_total = 100}};
  CAF_CHECK_EQUAL(aut.headroom(40, 1000), 60u);
}

} // namespace admission_suite
