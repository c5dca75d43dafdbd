#define CAF_SUITE registry_topics

#include "test/actors/registry_fixture.hpp"

namespace registry_topics_suite {

using namespace waybill;
using test::id456;
using namespace std::chrono_literals;

namespace {

const auto news = push_address::topic("news");

struct topics_fixture : test::registry_fixture {
  /// Joins as 456, and confirms that its id is attached.
  session_actor join_attached() {
    auto result = join(id456);
    attached();
    bus_state_of().seen.clear();
    return result;
  }

  void change(query::kind type, std::chrono::milliseconds ttl = 0ms) {
    query change{type, "news", "q", "n2"};
    change.ttl = ttl;
    deliver(aut, id456, std::move(change));
  }

  void subscribe(std::chrono::milliseconds ttl = 0ms) {
    change(query::kind::subscribe, ttl);
  }

  void unsubscribe() { change(query::kind::unsubscribe); }

  void keep(const kept_topics& topics) {
    self->send(aut, topics_atom_v, id456, topics);
    settle();
  }

  /// Returns the numbers of sessions that were reported.
  std::vector<uint64_t> reported() {
    std::vector<uint64_t> result;
    for (auto& report : std::exchange(bus_state_of().reports, {}))
      result.push_back(std::get<delivery_counts>(report.content).sessions);
    return result;
  }

  const test::texts& asked() { return bus_state_of().seen; }
};

using numbers = std::vector<uint64_t>;

} // namespace

CAF_TEST_FIXTURE_SCOPE(registry_topics_tests, topics_fixture)

CAF_TEST(adds all sessions of an id to a topic and reports when it is heard) {
  auto first = join_attached();
  auto second = join(id456);
  auto other = join(push_address::id("457"));
  attached();
  subscribe();
  CAF_CHECK_EQUAL(asked().back(), "attach topic:news");
  CAF_CHECK_EQUAL(reported(), numbers{});
  attached();
  CAF_CHECK_EQUAL(reported(), numbers{2});
  push(news, "a");
  CAF_CHECK_EQUAL(seen(first).back(), "deliver a");
  CAF_CHECK_EQUAL(seen(second).back(), "deliver a");
  CAF_CHECK_EQUAL(seen(other), test::texts{"greet"});
}

CAF_TEST(a topic that is heard already is reported at once) {
  join_attached();
  join({push_address::id("457"), news});
  attached();
  attached();
  subscribe();
  CAF_CHECK_EQUAL(reported(), numbers{1});
  CAF_MESSAGE("to join once more changes nothing");
  subscribe();
  CAF_CHECK_EQUAL(reported(), numbers{1});
  CAF_CHECK_EQUAL(count(metric::addresses), 3u);
}

CAF_TEST(a topic that the bus cannot attach is reported when it can) {
  join_attached();
  subscribe();
  refused();
  CAF_CHECK_EQUAL(reported(), numbers{});
  bus_is(bus_state::ready);
  attached();
  CAF_CHECK_EQUAL(reported(), numbers{1});
}

CAF_TEST(an id without sessions is reported as such) {
  subscribe();
  unsubscribe();
  CAF_CHECK_EQUAL(reported(), (numbers{0, 0}));
}

CAF_TEST(removes all sessions of an id from a topic) {
  auto session = join({id456, news});
  attached();
  attached();
  unsubscribe();
  CAF_CHECK_EQUAL(reported(), numbers{1});
  CAF_CHECK_EQUAL(asked().back(), "detach topic:news");
  push(news, "a");
  push(id456, "b");
  CAF_CHECK_EQUAL(seen(session), (test::texts{"greet", "deliver b"}));
  CAF_MESSAGE("its end detaches the rest");
  end(session);
  CAF_CHECK_EQUAL(asked().back(), "detach id:456");
  CAF_CHECK_EQUAL(count(metric::addresses), 0u);
}

CAF_TEST(a session does not wait for a topic that it has left) {
  auto session = join({id456, news});
  attached();
  unsubscribe();
  CAF_CHECK_EQUAL(seen(session), test::texts{"greet"});
}

CAF_TEST(another id keeps a topic) {
  auto other = join({push_address::id("457"), news});
  join({id456, news});
  unsubscribe();
  attach_all();
  push(news, "a");
  CAF_CHECK_EQUAL(seen(other), (test::texts{"greet", "deliver a"}));
}

CAF_TEST(later sessions join a topic as long as it is kept) {
  join_attached();
  subscribe(10s);
  attached();
  auto second = join(id456);
  push(news, "a");
  CAF_CHECK_EQUAL(seen(second), (test::texts{"greet", "deliver a"}));
  advance_time(10s);
  auto third = join(id456);
  push(news, "b");
  CAF_CHECK_EQUAL(seen(third), test::texts{"greet"});
}

CAF_TEST(later sessions do not join a topic that was left) {
  join_attached();
  subscribe(10s);
  attached();
  unsubscribe();
  auto second = join(id456);
  push(news, "a");
  CAF_CHECK_EQUAL(seen(second), test::texts{"greet"});
}

CAF_TEST(a session is greeted when the topics that were kept are heard) {
  auto session = join(id456);
  keep({{news, 10s}});
  CAF_CHECK_EQUAL(asked().back(), "attach topic:news");
  attached();
  CAF_CHECK_EQUAL(seen(session), test::texts{});
  attached();
  CAF_CHECK_EQUAL(seen(session), test::texts{"greet"});
  push(news, "a");
  CAF_CHECK_EQUAL(seen(session).back(), "deliver a");
}

CAF_TEST(what is kept for an id that was left is ignored) {
  keep({{news, 10s}});
  CAF_CHECK_EQUAL(count(metric::addresses), 0u);
}

CAF_TEST(what was kept before an outage no longer counts) {
  auto first = join_attached();
  subscribe(10s);
  attached();
  lose({id456});
  bus_is(bus_state::ready);
  attached();
  auto second = join(id456);
  push(news, "a");
  CAF_CHECK_EQUAL(seen(first).back(), "deliver a");
  CAF_CHECK_EQUAL(seen(second), test::texts{"greet"});
}

CAF_TEST(a node that drains changes no topics) {
  join_attached();
  self->send(aut, drain_atom_v, caf::timespan{1s});
  settle();
  subscribe();
  CAF_MESSAGE("it does not say that nobody is there");
  CAF_CHECK_EQUAL(reported(), numbers{});
  CAF_CHECK_EQUAL(count(metric::addresses), 1u);
}

CAF_TEST(counts the sessions of a topic) {
  join({id456, news});
  join({id456, news});
  auto found = ask<delivery_counts>(news, query::kind::members);
  CAF_CHECK_EQUAL(found, (delivery_counts{1, 2}));
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace registry_topics_suite
