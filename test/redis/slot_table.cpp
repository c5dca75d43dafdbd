#define CAF_SUITE slot_table

#include "redis/slot_table.hpp"

#include "test/redis/replies.hpp"

namespace slot_table_suite {

using namespace waybill;
using namespace waybill::redis;
using namespace waybill::test;

namespace {

const endpoint asked{"10.0.0.9", "7009"};

caf::expected<slot_table> parse(std::vector<reply> ranges) {
  return slot_table::parse(list_of(std::move(ranges)), asked);
}

} // namespace

CAF_TEST(a table has each master once with all its slots) {
  auto table = parse({range_of(0, 99, {server_of("a", 1), server_of("b", 2)}),
                      range_of(100, 16383, {server_of("c", 3)}),
                      range_of(200, 200, {server_of("a", 1)})});
  CAF_REQUIRE(table);
  auto& masters = table->masters();
  CAF_REQUIRE_EQUAL(masters.size(), 2u);
  CAF_CHECK_EQUAL(to_string(masters[0].server), "a:1");
  CAF_CHECK_EQUAL(masters[0].slots.count(), 101u);
  CAF_CHECK_EQUAL(to_string(masters[1].server), "c:3");
  CAF_CHECK(table->at(99) == &masters[0]);
  CAF_CHECK(table->at(200) == &masters[0]);
  auto servers = table->servers();
  CAF_REQUIRE_EQUAL(servers.size(), 3u);
  CAF_CHECK_EQUAL(to_string(servers[2]), "b:2");
}

CAF_TEST(a server without a name is at the host that was asked) {
  auto nameless = server_of("", 7001);
  auto null = nameless;
  null.items[0] = reply{};
  for (auto& server : {nameless, null, server_of("?", 7001)}) {
    auto table = parse({range_of(0, 1, {server})});
    CAF_REQUIRE(table);
    CAF_CHECK_EQUAL(to_string(table->masters()[0].server), "10.0.0.9:7001");
  }
}

CAF_TEST(a slot without a master has none) {
  auto table = parse({range_of(5, 7, {server_of("a", 1)})});
  CAF_REQUIRE(table);
  CAF_CHECK_EQUAL(table->covered(), 3u);
  CAF_CHECK(!table->at(4));
  CAF_CHECK(parse({}).value().masters().empty());
}

CAF_TEST(a slot has one master after it was assigned) {
  auto table = parse({range_of(0, 9, {server_of("a", 1)}),
                      range_of(10, 10, {server_of("b", 2)})});
  CAF_REQUIRE(table);
  table->assign(10, {"c", "3"});
  CAF_CHECK_EQUAL(to_string(table->at(10)->server), "c:3");
  CAF_CHECK_EQUAL(table->covered(), 11u);
  // A master without slots is none.
  CAF_CHECK_EQUAL(table->masters().size(), 2u);
  table->assign(0, {"c", "3"});
  CAF_CHECK_EQUAL(table->masters()[1].slots.count(), 2u);
}

CAF_TEST(an error is the reason why there is no table) {
  auto table = slot_table::parse(
    {reply::kind::error, 0, "ERR This instance has cluster support disabled"},
    asked);
  CAF_REQUIRE(!table);
  CAF_CHECK(table.error().context().get_as<std::string>(0)
            == "ERR This instance has cluster support disabled");
}

CAF_TEST(a reply that makes no sense is no table) {
  auto server = server_of("a", 1);
  CAF_CHECK(!parse({range_of(0, 16384, {server})}));
  CAF_CHECK(!parse({range_of(-1, 2, {server})}));
  CAF_CHECK(!parse({range_of(2, 1, {server})}));
  CAF_CHECK(!parse({range_of(0, 1, {})}));
  CAF_CHECK(!parse({range_of(0, 1, {server_of("a", 0)})}));
  CAF_CHECK(!parse({reply{}}));
  CAF_CHECK(!slot_table::parse(reply{}, asked));
}

CAF_TEST(an endpoint of a redirection may lack its host) {
  CAF_CHECK_EQUAL(to_string(to_endpoint("10.0.0.1:6379", asked)),
                  "10.0.0.1:6379");
  CAF_CHECK_EQUAL(to_string(to_endpoint(":6379", asked)), "10.0.0.9:6379");
  CAF_CHECK_EQUAL(to_string(to_endpoint("?:6379", asked)), "10.0.0.9:6379");
  CAF_CHECK_EQUAL(to_string(to_endpoint("::1:6379", asked)), "::1:6379");
  CAF_CHECK(to_endpoint("nonsense", asked) == asked);
}

} // namespace slot_table_suite
