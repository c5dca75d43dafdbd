#define CAF_SUITE session_table

#include "actors/session_table.hpp"

#include "test/fixture.hpp"

namespace session_table_suite {

using namespace waybill;

namespace {

const auto id1 = push_address::id("1");
const auto id2 = push_address::id("2");
const auto news = push_address::topic("news");
const auto sport = push_address::topic("sport");
const auto everyone = push_address::everyone();

struct session_table_fixture : test::fixture {
  using member = session_table::member;

  /// Adds a session that joins these addresses.
  member& join(const push_addresses& addresses) {
    auto& result = aut.add(spawn<test::fake_session>(), "192.0.2.1");
    fresh = aut.join(result, addresses);
    return result;
  }

  size_t count_sessions(const push_address& address) {
    auto entry = aut.find(address);
    return entry ? entry->sessions.size() : 0;
  }

  void attach(const push_addresses& addresses) {
    for (auto& address : addresses)
      aut.find(address)->attached = true;
  }

  session_table aut;

  /// Those addresses of the last session that nobody had before.
  push_addresses fresh;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(session_table_tests, session_table_fixture)

CAF_TEST(finds a session by its actor until it is removed) {
  auto session = spawn<test::fake_session>();
  CAF_CHECK(!aut.find(session));
  aut.add(session, "192.0.2.1");
  auto found = aut.find(session);
  CAF_REQUIRE(found);
  CAF_CHECK(found->session == session);
  CAF_CHECK_EQUAL(found->peer, "192.0.2.1");
  CAF_CHECK(found->joined.empty());
  CAF_CHECK(aut.find(session.id()) == found);
  aut.remove(session.id());
  CAF_CHECK(!aut.find(session));
  CAF_CHECK(aut.members().empty());
}

CAF_TEST(names only addresses that nobody had when a session joins) {
  join({id1, news, everyone});
  CAF_CHECK_EQUAL(fresh, (push_addresses{id1, news, everyone}));
  join({id2, sport, news, everyone});
  CAF_CHECK_EQUAL(fresh, (push_addresses{id2, sport}));
  join({id1, everyone});
  CAF_CHECK_EQUAL(fresh, push_addresses{});
  CAF_CHECK_EQUAL(count_sessions(id1), 2u);
  CAF_CHECK_EQUAL(count_sessions(news), 2u);
  CAF_CHECK_EQUAL(count_sessions(everyone), 3u);
}

CAF_TEST(names only addresses that nobody else has when a session leaves) {
  auto& first = join({id1, news, everyone});
  auto& second = join({id1, sport, everyone});
  CAF_CHECK_EQUAL(aut.give_up(second), push_addresses{sport});
  CAF_CHECK(!aut.find(sport));
  CAF_CHECK_EQUAL(aut.give_up(first), (push_addresses{id1, news, everyone}));
  CAF_CHECK(aut.entries().empty());
  CAF_MESSAGE("sessions without addresses are still known");
  CAF_CHECK_EQUAL(aut.members().size(), 2u);
}

CAF_TEST(gives up the addresses of a session once) {
  auto& first = join({id1, news});
  aut.give_up(first);
  join({id1, news});
  CAF_CHECK_EQUAL(aut.give_up(first), push_addresses{});
  CAF_CHECK_EQUAL(count_sessions(id1), 1u);
}

CAF_TEST(an address that was left is new to the next session) {
  auto& first = join({id1});
  aut.find(id1)->attached = true;
  aut.give_up(first);
  join({id1});
  CAF_CHECK_EQUAL(fresh, push_addresses{id1});
  CAF_CHECK(!aut.find(id1)->attached);
}

CAF_TEST(a session joins and leaves single addresses) {
  auto& first = join({id1});
  auto& second = join({id2, news});
  CAF_CHECK(!aut.join(first, news));
  CAF_CHECK(!aut.join(first, news));
  CAF_CHECK_EQUAL(first.joined, (push_addresses{id1, news}));
  CAF_CHECK_EQUAL(count_sessions(news), 2u);
  CAF_CHECK(!aut.leave(second, news));
  CAF_CHECK(!aut.leave(second, news));
  CAF_CHECK(aut.leave(first, news));
  CAF_CHECK(!aut.find(news));
  CAF_CHECK(aut.join(first, news));
}

CAF_TEST(an address that is held without sessions is not new) {
  auto& entry = aut.hold(news);
  CAF_CHECK(entry.sessions.empty());
  join({id1, news});
  CAF_CHECK_EQUAL(fresh, push_addresses{id1});
  CAF_CHECK(&aut.hold(news) == aut.find(news));
  CAF_CHECK_EQUAL(count_sessions(news), 1u);
}

CAF_TEST(counts the sessions of an address that need names) {
  auto& plain = join({id1, news});
  auto& named = aut.add(spawn<test::fake_session>(), "192.0.2.1",
                        transport_kind::named_websocket);
  aut.join(named, {id1, everyone});
  CAF_CHECK_EQUAL(aut.find(id1)->named, 1u);
  CAF_CHECK_EQUAL(aut.find(everyone)->named, 1u);
  CAF_CHECK_EQUAL(aut.find(news)->named, 0u);
  CAF_CHECK(aut.is_named(named.session.id()));
  CAF_CHECK(!aut.is_named(plain.session.id()));
  aut.give_up(named);
  CAF_CHECK_EQUAL(aut.find(id1)->named, 0u);
}

CAF_TEST(counts ids and topics but no address that every node holds) {
  CAF_CHECK_EQUAL(aut.addresses(), 0u);
  aut.hold(push_address::nodes());
  CAF_CHECK_EQUAL(aut.addresses(), 0u);
  auto& first = join({id1, news, everyone});
  CAF_CHECK_EQUAL(aut.addresses(), 2u);
  aut.give_up(first);
  CAF_CHECK_EQUAL(aut.addresses(), 0u);
}

CAF_TEST(a session is reachable when all its addresses are attached) {
  auto& member = join({id1, news});
  CAF_CHECK(!aut.is_reachable(member));
  attach({id1});
  CAF_CHECK(!aut.is_reachable(member));
  attach({news});
  CAF_CHECK(aut.is_reachable(member));
  CAF_MESSAGE("and has not given them up");
  aut.give_up(member);
  CAF_CHECK(!aut.is_reachable(member));
}

CAF_TEST(a topic that is away keeps no session from its id) {
  auto& member = join({id1, news, everyone});
  attach({id1});
  aut.find(news)->away = aut.find(everyone)->away = true;
  CAF_CHECK(aut.is_reachable(member));
  CAF_MESSAGE("but an id that is away does");
  aut.find(id1)->attached = false;
  aut.find(id1)->away = true;
  CAF_CHECK(!aut.is_reachable(member));
}

CAF_TEST(all sessions of an id are drained together) {
  auto& first = join({id1, everyone});
  auto& second = join({id1, everyone});
  auto& other = join({id2, everyone});
  auto departure = aut.drain(first);
  CAF_CHECK_EQUAL(departure.sessions.size(), 2u);
  CAF_CHECK(first.draining && second.draining && !other.draining);
  CAF_CHECK_EQUAL(departure.last, push_addresses{id1});
}

CAF_TEST(an address is last when all its sessions are draining) {
  auto& first = join({id1, news, sport});
  auto& second = join({id2, news});
  CAF_CHECK_EQUAL(aut.drain(first).last, (push_addresses{id1, sport}));
  CAF_CHECK_EQUAL(aut.drain(second).last, (push_addresses{id2, news}));
}

CAF_TEST(a drained session that leaves is not counted for those that stay) {
  auto& first = join({id1, news});
  auto& second = join({id2, news});
  auto& third = join({push_address::id("3"), news});
  aut.drain(first);
  aut.give_up(first);
  CAF_CHECK_EQUAL(aut.find(news)->draining, 0u);
  CAF_CHECK_EQUAL(aut.drain(second).last, push_addresses{id2});
  CAF_CHECK_EQUAL(aut.drain(third).last,
                  (push_addresses{push_address::id("3"), news}));
}

CAF_TEST(what was detached to drain is not detached again) {
  auto& first = join({id1, news});
  auto& second = join({id2, news});
  aut.drain(first);
  CAF_CHECK_EQUAL(aut.give_up(first), push_addresses{});
  CAF_MESSAGE("but what was still brought to others is");
  CAF_CHECK_EQUAL(aut.give_up(second), (push_addresses{id2, news}));
}

CAF_TEST(the sessions of an address may leave it while they are used) {
  join({id1, news});
  join({id2, news});
  for (auto& session : session_table::sessions_of(*aut.find(news)))
    aut.give_up(*aut.find(session));
  CAF_CHECK(!aut.find(news));
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace session_table_suite
