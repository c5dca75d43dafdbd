#define CAF_SUITE collector

#include "actors/collector.hpp"

#include "test/fixture.hpp"

namespace collector_suite {

using namespace waybill;

namespace {

struct collector_fixture : test::fixture {
  collector_fixture() {
    bus = spawn<test::fake_bus>();
    holder = spawn<registry>(bus, same_id::all);
    aut = spawn<collector>(bus, holder, "1.2.3", [] {
      return counters{{"resident_bytes", 9000}};
    });
    settle();
  }

  test::fake_bus& fake() { return deref<test::fake_bus>(bus); }

  /// Sends counts, as a gateway does.
  void count(metric name, uint64_t value) {
    metrics counts;
    counts[name] = value;
    self->send(aut, count_atom_v, counts);
    settle();
  }

  /// A query for metrics of another node.
  const query question{query::kind::metrics, "", "q", "n2"};

  bus_actor bus;
  registry_actor holder;
  collector_actor aut;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(collector_tests, collector_fixture)

CAF_TEST(adds the counts that it receives) {
  count(metric::kept_pushes, 2);
  count(metric::kept_pushes, 1);
  count(metric::tls_failures, 1);
  CAF_CHECK_EQUAL(figure(aut, metric::kept_pushes), 3u);
  CAF_CHECK_EQUAL(figure(aut, metric::tls_failures), 1u);
}

CAF_TEST(adds the metrics of its registry and its bus each time) {
  fake().counted[metric::links_lost] = 4;
  self->send(holder, drop_atom_v, uint64_t{3});
  settle();
  for (int i = 0; i < 2; ++i) {
    CAF_CHECK_EQUAL(figure(aut, metric::links_lost), 4u);
    CAF_CHECK_EQUAL(figure(aut, metric::dropped_frames), 3u);
  }
}

CAF_TEST(remembers what its figures have been) {
  auto history = [this] {
    figure_history::table result;
    auto response = self->request(aut, caf::infinite, history_atom_v);
    settle();
    response.receive([&](const figure_history::table& x) { result = x; },
                     [&](caf::error& e) { CAF_FAIL(sys.render(e)); });
    return result;
  };
  CAF_CHECK(history().times.empty());
  self->send(aut, tick_atom_v);
  settle();
  for (size_t i = 1; i < 4; ++i) {
    advance_time(figure_history::interval);
    settle();
    auto found = history();
    CAF_CHECK_EQUAL(found.times.size(), i);
    CAF_CHECK_EQUAL(found.figures.at("sessions").size(), i);
    CAF_CHECK_EQUAL(found.figures.at("resident_bytes").back(), 9000);
  }
}

CAF_TEST(reports the metrics of its node) {
  count(metric::kept_pushes, 2);
  self->send(aut, report_atom_v, push_address::nodes(), question);
  settle();
  CAF_REQUIRE_EQUAL(fake().reports.size(), 1u);
  auto& sent = fake().reports[0];
  CAF_CHECK_EQUAL(sent.push, "q");
  CAF_CHECK_EQUAL(sent.to, "n2");
  auto& answer = std::get<node_metrics>(sent.content);
  CAF_CHECK_EQUAL(answer.version, "1.2.3");
  CAF_CHECK_EQUAL(answer.values.at("kept_pushes"), 2u);
  CAF_CHECK_EQUAL(answer.values.at("resident_bytes"), 9000u);
  CAF_CHECK_EQUAL(answer.values.at("sessions"), 0u);
  CAF_MESSAGE("a metric that only exists with Redis is not among them");
  CAF_CHECK_EQUAL(answer.values.count("nodes"), 0u);
}

CAF_TEST(answers the queries that its registry receives) {
  self->send(holder, attach_atom_v, aut);
  deliver(holder, push_address::nodes(), question);
  CAF_REQUIRE_EQUAL(fake().reports.size(), 1u);
  auto& sent = fake().reports[0];
  CAF_CHECK_EQUAL(sent.to, "n2");
  CAF_CHECK_EQUAL(std::get<node_metrics>(sent.content).version, "1.2.3");
}

CAF_TEST(a node has no headroom while it takes no sessions) {
  CAF_CHECK(figure(aut, metric::headroom) > 0);
  fake().status = {bus_state::ready, false, true, "OOM"};
  CAF_CHECK_EQUAL(figure(aut, metric::headroom), 0u);
  fake().status = {bus_state::away, true, true, "LOADING"};
  CAF_CHECK_EQUAL(figure(aut, metric::headroom), 0u);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace collector_suite
