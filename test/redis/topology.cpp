#define CAF_SUITE topology

#include "redis/topology.hpp"

#include <caf/test/dsl.hpp>

namespace topology_suite {

using namespace waybill::redis;
using namespace std::chrono_literals;

namespace {

const endpoint a{"a", "1"};
const endpoint b{"b", "2"};
const endpoint c{"c", "3"};

/// Returns a table that splits the first slots between masters.
slot_table table_of(std::vector<std::pair<uint16_t, endpoint>> slots) {
  slot_table result;
  for (auto& [slot, server] : slots)
    result.assign(slot, server);
  return result;
}

const auto whole = table_of({{0, a}, {1, b}, {2, c}});
const auto part = table_of({{0, a}, {2, c}});

struct topology_fixture {
  topology_fixture() { CAF_CHECK(aut.on_table(a, whole, now)); }

  topology aut;
  topology::time_point now{1h};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(topology_tests, topology_fixture)

CAF_TEST(the same table changes nothing) {
  CAF_CHECK(!aut.on_table(b, whole, now));
}

CAF_TEST(a table that covers as much is believed at once) {
  auto moved = table_of({{0, a}, {1, c}, {2, c}});
  CAF_CHECK(aut.on_table(b, moved, now));
  CAF_CHECK(aut.table() == moved);
}

CAF_TEST(a server that has not heard of a move does not undo it) {
  auto moved = table_of({{0, a}, {1, c}, {2, c}});
  CAF_CHECK(aut.on_table(a, moved, now));
  CAF_CHECK(!aut.on_table(b, whole, now + 1999ms));
  CAF_CHECK(aut.table() == moved);
  CAF_MESSAGE("but a redirection does");
  CAF_CHECK(aut.on_moved(1, b, now + 1s));
  CAF_CHECK(aut.table() == whole);
}

CAF_TEST(a smaller table needs a second server) {
  CAF_CHECK(!aut.on_table(a, part, now));
  CAF_CHECK(aut.is_in_doubt());
  CAF_CHECK(!aut.on_table(a, part, now + 1s));
  CAF_CHECK(aut.table() == whole);
  CAF_CHECK(aut.on_table(c, part, now + 1s));
  CAF_CHECK(aut.table() == part);
  CAF_CHECK(!aut.is_in_doubt());
}

CAF_TEST(a smaller table is believed after five seconds) {
  CAF_CHECK(!aut.on_table(a, part, now));
  CAF_CHECK(!aut.on_table(a, part, now + 4999ms));
  CAF_CHECK(aut.on_table(a, part, now + 5s));
}

CAF_TEST(two smaller tables that differ confirm neither) {
  CAF_CHECK(!aut.on_table(a, part, now));
  CAF_CHECK(!aut.on_table(c, table_of({{0, a}}), now + 1s));
  CAF_CHECK(aut.table() == whole);
  // But the doubt began with the first.
  CAF_CHECK(aut.on_table(c, table_of({{0, a}}), now + 5s));
}

CAF_TEST(a whole table ends the doubt) {
  CAF_CHECK(!aut.on_table(a, part, now));
  CAF_CHECK(!aut.on_table(b, whole, now + 1s));
  CAF_CHECK(!aut.is_in_doubt());
  CAF_CHECK(!aut.on_table(c, part, now + 6s));
}

CAF_TEST(a redirection is believed at once) {
  CAF_CHECK(!aut.on_moved(1, b, now));
  CAF_CHECK(aut.on_moved(1, c, now));
  CAF_CHECK_EQUAL(to_string(aut.table().at(1)->server), "c:3");
}

CAF_TEST(a redirection outweighs older tables for two seconds) {
  aut.on_moved(1, c, now);
  CAF_CHECK(!aut.on_table(a, whole, now + 1999ms));
  CAF_CHECK_EQUAL(to_string(aut.table().at(1)->server), "c:3");
  CAF_CHECK(aut.on_table(a, whole, now + 2s));
  CAF_CHECK_EQUAL(to_string(aut.table().at(1)->server), "b:2");
}

CAF_TEST(the last redirection of a slot counts) {
  aut.on_moved(1, c, now);
  CAF_CHECK(aut.on_moved(1, a, now + 1s));
  CAF_CHECK(!aut.on_table(b, whole, now + 1500ms));
  CAF_CHECK_EQUAL(to_string(aut.table().at(1)->server), "a:1");
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace topology_suite
