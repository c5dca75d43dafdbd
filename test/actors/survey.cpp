#define CAF_SUITE survey

#include "actors/survey.hpp"

#include "test/actors/asking.hpp"

namespace survey_suite {

using namespace waybill;
using namespace std::chrono_literals;

namespace {

const auto id456 = push_address::id("456");

struct survey_fixture : test::asking_fixture<survey_actor, query_result> {
  void start(query::kind type, caf::timespan time = 1s) {
    ask(spawn<survey>(bus, id456, query{type, "456", "q", "n1"}, time));
  }

  /// Lets the bus answer with the number of nodes it sent the query to.
  void published(caf::expected<uint64_t> nodes) {
    auto promise = take(deref<test::fake_bus>(bus).asking);
    if (nodes)
      promise.deliver(*nodes);
    else
      promise.deliver(nodes.error());
    settle();
  }

  void add_report(const std::string& node, report::content_type content) {
    asking_fixture::add_report("q", node, std::move(content));
  }
};

/// Returns a list without a total.
session_list part_of(const std::string& peer) {
  return {std::nullopt, {{peer}}};
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(survey_tests, survey_fixture)

CAF_TEST(ends when all nodes have answered) {
  start(query::kind::sessions);
  published(2);
  add_report("n1", session_list{1, {{"a", 1, 2}}});
  CAF_CHECK(!is_answered());
  add_report("n2", session_list{2, {{"b"}, {"c"}}});
  auto x = answer();
  CAF_CHECK_EQUAL(x.nodes, 2u);
  CAF_CHECK_EQUAL(x.unknown, 0u);
  CAF_REQUIRE_EQUAL(x.reports.size(), 2u);
  CAF_CHECK_EQUAL(x.reports[0].node, "n1");
  auto first = std::get<session_list>(x.reports[0].content);
  CAF_CHECK(first == (session_list{1, {{"a", 1, 2}}}));
  CAF_CHECK_EQUAL(
    bus_requests(),
    (test::texts{"await q", "ask id:456 for sessions", "forget q"}));
}

CAF_TEST(a node may report its number of sessions and then each of them) {
  start(query::kind::sessions);
  published(1);
  add_report("n1", delivery_counts{1, 3});
  add_report("n1", part_of("a"));
  CAF_CHECK(!is_answered());
  CAF_MESSAGE("and so may one that sends several reports as one");
  add_report("n1", session_list{std::nullopt, {{"b"}, {"c"}}});
  CAF_CHECK_EQUAL(answer().reports.size(), 3u);
  start(query::kind::sessions);
  published(1);
  add_report("n1", session_list{2, {{"a"}}});
  CAF_CHECK(!is_answered());
  add_report("n1", part_of("b"));
  CAF_CHECK_EQUAL(answer().unknown, 0u);
}

CAF_TEST(a number of sessions is the whole answer to most queries) {
  for (auto type : {query::kind::members, query::kind::subscribe,
                    query::kind::unsubscribe}) {
    start(type);
    published(2);
    add_report("n1", delivery_counts{1, 2});
    CAF_CHECK(!is_answered());
    add_report("n2", delivery_counts{1, 0});
    CAF_CHECK_EQUAL(answer().unknown, 0u);
  }
}

CAF_TEST(a session may report before its node) {
  start(query::kind::sessions);
  published(1);
  add_report("n1", part_of("a"));
  CAF_CHECK(!is_answered());
  add_report("n1", delivery_counts{1, 1});
  CAF_CHECK_EQUAL(answer().unknown, 0u);
}

CAF_TEST(
  a trace and metrics and a ranking are each the whole answer of a node) {
  start(query::kind::trace);
  published(2);
  add_report("n1", trace_events{{"456", trace_event::kind::joined, 1}});
  CAF_CHECK(!is_answered());
  CAF_MESSAGE("and a node without a trace says so");
  add_report("n2", delivery_counts{1});
  CAF_CHECK_EQUAL(answer().unknown, 0u);
  start(query::kind::metrics);
  published(2);
  add_report("n1", node_metrics{"1.2.3", {{"joins", 1}}});
  CAF_CHECK(!is_answered());
  add_report("n2", node_metrics{"1.2.3", {{"joins", 2}}});
  CAF_CHECK_EQUAL(answer().reports.size(), 2u);
  start(query::kind::ranking);
  published(2);
  add_report("n1", ranking{{{"456", 1}}, {}, {}});
  CAF_CHECK(!is_answered());
  add_report("n2", ranking{{{"457", 1}}, {}, {}});
  CAF_CHECK_EQUAL(answer().reports.size(), 2u);
}

CAF_TEST(a report may arrive before the response of the bus) {
  start(query::kind::metrics);
  add_report("n1", node_metrics{});
  CAF_CHECK(!is_answered());
  published(1);
  CAF_CHECK_EQUAL(answer().nodes, 1u);
}

CAF_TEST(a query that reaches no node is complete at once) {
  start(query::kind::sessions);
  published(0);
  auto x = answer();
  CAF_CHECK_EQUAL(x.nodes, 0u);
  CAF_CHECK_EQUAL(x.unknown, 0u);
}

CAF_TEST(a node that has not answered in time is unknown) {
  start(query::kind::sessions, 2500ms);
  published(3);
  add_report("n1", session_list{0});
  CAF_MESSAGE("and so is one that has not reported all of its sessions");
  add_report("n2", delivery_counts{1, 2});
  add_report("n2", part_of("a"));
  for (int i = 0; i < 24; ++i) {
    pass(100ms);
    CAF_REQUIRE(!is_answered());
  }
  pass(100ms);
  auto x = answer();
  CAF_CHECK_EQUAL(x.nodes, 3u);
  CAF_CHECK_EQUAL(x.unknown, 2u);
  CAF_CHECK_EQUAL(x.reports.size(), 3u);
}

CAF_TEST(the nodes are unknown without a response of the bus) {
  start(query::kind::trace);
  pass(1s);
  auto x = answer();
  CAF_CHECK_EQUAL(x.nodes, 0u);
  CAF_CHECK_EQUAL(x.unknown, 1u);
}

CAF_TEST(a broken link leaves the nodes unknown but a bus away does not ) {
  start(query::kind::trace);
  published(caf::error{errc::unanswered});
  CAF_CHECK_EQUAL(answer().unknown, 1u);
  start(query::kind::trace);
  published(caf::error{errc::bus_away});
  CAF_CHECK_EQUAL(failure(), "bus_away");
  CAF_CHECK_EQUAL(bus_requests().back(), "forget q");
}

CAF_TEST(the clock keeps it for at most a second after its response) {
  start(query::kind::trace, 1h);
  published(0);
  answer();
  auto references = [&] {
    return caf::actor_cast<caf::actor_control_block*>(aut)->strong_refs.load();
  };
  pass(1s);
  auto after_a_second = references();
  pass(1h);
  CAF_CHECK_EQUAL(references(), after_a_second);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace survey_suite
