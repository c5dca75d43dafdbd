#define CAF_SUITE cluster

#include "test/fixture.hpp"

namespace cluster_suite {

using namespace waybill;

namespace {

/// Three nodes on one loopback bus, without sockets.
struct cluster_fixture : test::fixture {
  cluster_fixture() : bus(spawn<loopback>("node", 1000)) {
    for (int i = 0; i < 3; ++i) {
      auto holder = spawn<registry>(bus, same_id::all);
      auto collector = spawn<waybill::collector>(bus, holder, "1.2.3");
      gateways.push_back(
        spawn<gateway>(bus, holder, collector, session_config{}, "node"));
      registries.push_back(holder);
      collectors.push_back(collector);
    }
    settle();
  }

  std::shared_ptr<test::fake_transport> connect(size_t node,
                                                const std::string& id) {
    auto result = std::make_shared<test::fake_transport>();
    session_slot slot{registries.at(node), id, "192.0.2.1"};
    sessions.push_back(gateway_at(node).open_session(slot, {}, result));
    spawned.push_back(caf::actor_cast<caf::actor>(sessions.back()));
    settle();
    return result;
  }

  uint64_t push(size_t node, const std::string& id, const std::string& text) {
    uint64_t result = 99;
    auto& at = gateway_at(node);
    at.publish(
      push_address::id(id), {at.next_push_id(), make_text(text)},
      [&](const caf::expected<outcome>& x) { result = unbox(x).counts.nodes; });
    settle();
    return result;
  }

  uint64_t presence(size_t node, const std::string& id) {
    uint64_t result = 99;
    gateway_at(node).presence(
      push_address::id(id),
      [&](caf::expected<uint64_t> nodes) { result = unbox(nodes); });
    settle();
    return result;
  }

  /// Sends a query to all nodes, which have one name on a loopback.
  query_result ask(query::kind type, const std::string& id = "") {
    query_result result;
    gateway_at(0).query(
      push_address::nodes(), {type, id}, std::chrono::seconds{5},
      [&](const caf::expected<query_result>& x) { result = unbox(x); });
    settle();
    return result;
  }

  /// Returns the trace of an id, as all nodes tell it.
  trace_events trace_of(const std::string& id) {
    trace_events result;
    for (auto& report : ask(query::kind::trace, id).reports)
      if (auto events = std::get_if<trace_events>(&report.content))
        result.insert(result.end(), events->begin(), events->end());
    return result;
  }

  void attach(size_t node) {
    self->send(registries.at(node), attach_atom_v, collectors.at(node));
  }

  gateway& gateway_at(size_t node) { return deref<gateway>(gateways.at(node)); }

  bus_actor bus;
  std::vector<registry_actor> registries;
  std::vector<collector_actor> collectors;
  std::vector<gateway_actor> gateways;
  std::vector<session_actor> sessions;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(cluster_tests, cluster_fixture)

CAF_TEST(a push on one node reaches the sessions of its id on the others) {
  auto first = connect(0, "456");
  auto second = connect(1, "456");
  auto other = connect(2, "457");
  for (auto& session : sessions)
    self->send(session, written_atom_v);
  settle();
  CAF_CHECK_EQUAL(push(2, "456", "aaaa"), 2u);
  CAF_CHECK_EQUAL(first->written, (test::texts{"连接成功!", "aaaa"}));
  CAF_CHECK_EQUAL(second->written, (test::texts{"连接成功!", "aaaa"}));
  CAF_CHECK_EQUAL(other->written, test::texts{"连接成功!"});
  CAF_CHECK_EQUAL(push(2, "458", "aaaa"), 0u);
}

CAF_TEST(every node knows who is online anywhere) {
  connect(0, "456");
  connect(0, "456");
  connect(1, "456");
  CAF_CHECK_EQUAL(presence(2, "456"), 2u);
  self->send(sessions[0], gone_atom_v);
  settle();
  CAF_CHECK_EQUAL(presence(2, "456"), 2u);
  self->send(sessions[1], gone_atom_v);
  settle();
  CAF_CHECK_EQUAL(presence(2, "456"), 1u);
  self->send(sessions[2], gone_atom_v);
  settle();
  CAF_CHECK_EQUAL(presence(2, "456"), 0u);
}

CAF_TEST(the sessions of an id are found on all nodes) {
  connect(0, "456");
  connect(1, "456");
  connect(1, "456");
  connect(2, "457");
  query_result found;
  gateway_at(2).query(
    push_address::id("456"), {query::kind::sessions}, std::chrono::seconds{5},
    [&](const caf::expected<query_result>& x) { found = unbox(x); });
  settle();
  CAF_CHECK_EQUAL(found.nodes, 2u);
  CAF_CHECK_EQUAL(found.unknown, 0u);
  size_t sessions = 0;
  for (auto& report : found.reports)
    sessions += std::get<session_list>(report.content).sessions.size();
  CAF_CHECK_EQUAL(sessions, 3u);
}

CAF_TEST(push ids are unique) {
  auto& first = gateway_at(0);
  auto& second = gateway_at(1);
  CAF_CHECK_NOT_EQUAL(first.next_push_id(), first.next_push_id());
  CAF_CHECK_NOT_EQUAL(first.next_push_id(), second.next_push_id());
}

CAF_TEST(the metrics of a node are those of its registry and its bus) {
  connect(0, "456");
  gateway_at(0).count(metric::refused_requests);
  metrics figures;
  gateway_at(0).stats([&](const metrics& x) { figures = x; });
  settle();
  CAF_CHECK_EQUAL(figures[metric::sessions], 1u);
  CAF_CHECK_EQUAL(figures[metric::refused_requests], 1u);
}

CAF_TEST(queries reach nodes without sessions) {
  CAF_CHECK_EQUAL(ask(query::kind::metrics).nodes, 0u);
  for (size_t node = 0; node < registries.size(); ++node)
    attach(node);
  settle();
  auto found = ask(query::kind::metrics);
  CAF_CHECK_EQUAL(found.nodes, 3u);
  CAF_CHECK_EQUAL(found.unknown, 0u);
  CAF_REQUIRE_EQUAL(found.reports.size(), 3u);
  for (auto& report : found.reports) {
    CAF_CHECK_EQUAL(report.node, "node");
    auto& answer = std::get<node_metrics>(report.content);
    CAF_CHECK_EQUAL(answer.version, "1.2.3");
    CAF_CHECK_EQUAL(answer.values.at("addresses"), 0u);
  }
}

CAF_TEST(the trace of an id has events of its sessions and of all nodes) {
  for (size_t node = 0; node < registries.size(); ++node)
    attach(node);
  connect(1, "456");
  connect(1, "457");
  for (auto& session : sessions)
    self->send(session, written_atom_v);
  settle();
  waybill::push taken{"", make_text("aaaa")};
  gateway_at(2).take(push_address::id("456"), taken);
  push(0, "456", "aaaa");
  self->send(sessions[0], written_atom_v);
  settle();
  std::map<std::string, std::string> seen;
  for (auto& event : trace_of("456"))
    seen[to_string(event.type)] = event.push;
  CAF_CHECK_EQUAL(seen.size(), 4u);
  CAF_CHECK_EQUAL(seen.at("taken"), taken.id);
  CAF_CHECK_EQUAL(seen.at("joined"), "");
  CAF_CHECK_NOT_EQUAL(seen.at("delivered"), "");
  CAF_CHECK_EQUAL(seen.at("written"), seen.at("delivered"));
}

CAF_TEST(a session that has ended leaves its trace) {
  attach(1);
  connect(1, "456");
  self->send(sessions[0], written_atom_v);
  push(0, "456", "aaaa");
  self->send(sessions[0], written_atom_v);
  self->send(sessions[0], gone_atom_v);
  settle();
  auto found = trace_of("456");
  test::texts seen;
  for (auto& event : found)
    seen.push_back(to_string(event.type));
  CAF_CHECK_EQUAL(seen,
                  (test::texts{"joined", "delivered", "written", "left"}));
  CAF_CHECK_EQUAL(found.back().text, "the connection closed");
}

CAF_TEST(a gateway that has ended fails requests at once) {
  self->send_exit(gateways[0], caf::exit_reason::user_shutdown);
  settle();
  std::string why;
  gateway_at(0).publish(
    push_address::id("456"), {"p", make_text("a")},
    [&](const caf::expected<outcome>& x) { why = sys.render(x.error()); });
  CAF_CHECK_EQUAL(why, "bus_away");
  auto status = bus_status{bus_state::ready};
  gateway_at(0).state([&](const bus_status& x) { status = x; });
  CAF_CHECK_EQUAL(status.state, bus_state::away);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace cluster_suite
