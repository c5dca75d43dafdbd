#define CAF_SUITE cluster

#include "redis/cluster.hpp"

#include <map>

#include "test/fixture.hpp"
#include "test/redis/replies.hpp"

namespace cluster_suite {

using namespace waybill;
using namespace waybill::redis;
using namespace std::chrono_literals;
using waybill::test::list_of;
using waybill::test::range_of;
using waybill::test::server_of;

namespace {

/// Returns an id whose slot is in the first or second half.
std::string id_in(bool second_half) {
  for (int i = 0;; ++i) {
    auto id = std::to_string(i);
    if ((key_slot("{id:" + id + '}') >= slot_count / 2) == second_half)
      return id;
  }
}

const auto first = push_address::id(id_in(false));
const auto second = push_address::id(id_in(true));

reply error_of(std::string text) {
  return {reply::kind::error, 0, std::move(text)};
}

/// A cluster of mock bridges. Masters are named by one letter.
struct cluster_fixture : test::fixture {
  struct fake_environment : cluster::environment {
    explicit fake_environment(cluster_fixture& parent) : parent(parent) {
      // nop
    }

    bridge_actor spawn_bridge(const endpoint& master,
                              const router_actor& router) override {
      parent.router = router;
      return parent.add_bridge(master.host);
    }

    void ask(std::vector<endpoint> servers, const cluster_actor&) override {
      parent.asked.clear();
      for (auto& server : servers)
        parent.asked.push_back(to_string(server));
    }

    void stop() override { parent.stopped = true; }

    cluster_fixture& parent;
  };

  cluster_fixture() { spawn_cluster(std::nullopt); }

  void spawn_cluster(std::optional<uint16_t> stream_slot) {
    aut
      = spawn<cluster>(std::vector<endpoint>{{"seed", "1"}}, "the cluster",
                       std::make_shared<fake_environment>(*this), stream_slot);
    settle();
  }

  ~cluster_fixture() override { router = nullptr; }

  bridge_actor add_bridge(const std::string& name) {
    auto seen = [this, name](std::string text) {
      log.push_back(name + ' ' + std::move(text));
    };
    auto result = spawn_mock<bridge_actor>({
      [](subscribe_atom, const observer_actor&) {},
      [seen](attach_atom, const push_address& x, const registry_actor&) {
        seen("attach " + x.key());
        return true;
      },
      [seen](publish_atom, const numbered_pushes& x,
             const outcome_receiver_actor&) {
        for (auto& push : x)
          seen("publish " + std::to_string(push.number));
      },
      [seen](const client_message&) { seen("upstream"); },
      [this, seen, name](const assignment& x) {
        parts[name] = x;
        seen("slots " + std::to_string(x.slots.count())
             + (x.has_open_channel ? " open" : ""));
      },
      [this, seen, name](const routed_command& x) -> caf::result<reply> {
        if (x.words[0] == "CLUSTER")
          return table;
        seen((x.asking ? "asking " : "command ") + x.words[0]);
        return replies[name];
      },
      [](get_atom) {
        metrics result{room::redis};
        result[metric::pushes] = 5;
        return result;
      },
      [seen](leave_atom) { seen("leave"); },
      [seen](await_atom, const push_address&, const std::string& id,
             const report_receiver_actor&) { seen("await " + id); },
    });
    bridges[name] = result;
    return result;
  }

  /// Makes all servers reply with a table that splits the slots in two halves.
  void split(const char* one, const char* two) {
    table = list_of({range_of(0, 8191, {server_of(one, 1)}),
                     range_of(8192, 16383, {server_of(two, 1)})});
  }

  /// Sends the table as the reply of a seed.
  void learn() {
    self->send(aut, slots_reply{{"seed", "1"}, table});
    settle();
  }

  /// Reports the state of a bridge.
  void report(const std::string& name, bool ready) {
    bus_status status;
    if (ready)
      status = {bus_state::ready, true, true};
    else
      status.reason = name + " is away";
    send_as(name, status);
  }

  /// Sends the cluster a message of a bridge.
  template <class T>
  void send_as(const std::string& name, T content) {
    caf::actor_cast<caf::actor>(aut)->enqueue(
      caf::actor_cast<caf::strong_actor_ptr>(bridges.at(name)),
      caf::make_message_id(), caf::make_message(std::move(content)), nullptr);
    settle();
  }

  /// Learns that `a` and `b` share the slots, and makes both ready.
  void start() {
    split("a", "b");
    learn();
    report("a", true);
    report("b", true);
    log.clear();
  }

  void pass(caf::timespan time) {
    advance_time(time);
    settle();
  }

  bus_status status() {
    bus_status result;
    auto response = self->request(aut, caf::infinite, state_atom_v);
    settle();
    response.receive([&](const bus_status& x) { result = x; },
                     [&](caf::error& e) { CAF_FAIL(sys.render(e)); });
    return result;
  }

  /// Redirects a command of bridge `a` for the id of `first`, and keeps the
  /// reply in `answer`.
  void redirect(const std::string& error, caf::timespan time,
                bool follows_ask = true) {
    command words{"GET", "waybill:owner:{" + first.key() + '}'};
    auto message = redirected_command{
      std::move(words), error,
      std::chrono::duration_cast<std::chrono::milliseconds>(time), follows_ask};
    auto run = [this](caf::event_based_actor* self, const router_actor& router,
                      const redirected_command& content) {
      self->request(router, caf::infinite, content)
        .then([this](const reply& x) { answer = x.text; },
              [this](const caf::error& e) { answer = sys.render(e); });
    };
    sys.spawn(run, router, message);
    settle();
  }

  cluster_actor aut;
  router_actor router;
  std::map<std::string, bridge_actor> bridges;
  std::map<std::string, assignment> parts;
  std::map<std::string, reply> replies;
  reply table;
  test::texts log;
  test::texts asked;
  std::string answer;
  bool stopped = false;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(cluster_tests, cluster_fixture)

CAF_TEST(the seeds are asked until one knows the slots) {
  CAF_CHECK_EQUAL(asked, test::texts{"seed:1"});
  asked.clear();
  pass(200ms);
  CAF_CHECK_EQUAL(asked, test::texts{"seed:1"});
  CAF_CHECK(status().state == bus_state::away);
  table = error_of("ERR This instance has cluster support disabled");
  learn();
  CAF_CHECK_EQUAL(status().reason,
                  "seed:1: ERR This instance has cluster support disabled");
}

CAF_TEST(each master has a bridge with its slots) {
  split("a", "b");
  learn();
  const test::texts parts_of{"a slots 8192", "b slots 8192"};
  CAF_CHECK_EQUAL(log, parts_of);
  CAF_CHECK_EQUAL(bridges.size(), 2u);
}

CAF_TEST(the bus is ready once each master has been) {
  split("a", "b");
  learn();
  report("a", true);
  CAF_CHECK(status().state == bus_state::away);
  report("b", true);
  CAF_CHECK(status().state == bus_state::ready);
  // From then on one that is ready suffices.
  report("a", false);
  CAF_CHECK(status().state == bus_state::ready);
  CAF_CHECK_EQUAL(status().reason, "a is away");
  report("b", false);
  CAF_CHECK(status().state == bus_state::away);
}

CAF_TEST(the bus does not wait for a master that is dead from the start) {
  split("a", "b");
  learn();
  report("a", true);
  CAF_CHECK(status().state == bus_state::away);
  pass(3s);
  CAF_CHECK(status().state == bus_state::ready);
}

CAF_TEST(pushes go to the masters of their addresses) {
  start();
  self->send(aut, publish_atom_v,
             numbered_pushes{{1, first, {}}, {2, second, {}}, {3, first, {}}},
             outcome_receiver_actor{});
  settle();
  std::sort(log.begin(), log.end());
  const test::texts published{"a publish 1", "a publish 3", "b publish 2"};
  CAF_CHECK_EQUAL(log, published);
}

CAF_TEST(an address without a master is away) {
  table = list_of({range_of(0, 8191, {server_of("a", 1)})});
  learn();
  report("a", true);
  auto response = self->request(aut, caf::infinite, attach_atom_v, second,
                                registry_actor{});
  settle();
  auto failed = false;
  response.receive([](bool) {},
                   [&](caf::error& e) { failed = e == errc::bus_away; });
  CAF_CHECK(failed);
  CAF_CHECK(status().state == bus_state::ready);
}

CAF_TEST(one ready master has the open channel) {
  split("a", "b");
  learn();
  log.clear();
  report("b", true);
  CAF_CHECK_EQUAL(log, test::texts{"b slots 8192 open"});
  log.clear();
  report("a", true);
  CAF_CHECK(log.empty());
  report("b", false);
  const test::texts changed{"a slots 8192 open", "b slots 8192"};
  CAF_CHECK_EQUAL(log, changed);
  log.clear();
  self->send(aut, client_message{"x", {}});
  settle();
  CAF_CHECK_EQUAL(log, test::texts{"a upstream"});
}

CAF_TEST(messages of clients go to the master of their stream) {
  spawn_cluster(key_slot("waybill:upstream"));
  start();
  log.clear();
  self->send(aut, client_message{"x", {}});
  settle();
  CAF_CHECK_EQUAL(log, test::texts{"b upstream"});
}

CAF_TEST(slots that move change the parts of their masters) {
  start();
  table = list_of({range_of(0, 99, {server_of("a", 1)}),
                   range_of(100, 16383, {server_of("b", 1)})});
  pass(1s);
  const test::texts changed{"a slots 100 open", "b slots 16284"};
  CAF_CHECK_EQUAL(log, changed);
  CAF_CHECK_EQUAL(figure(aut, metric::slots_moved), 8092u);
}

CAF_TEST(a new master takes the place of a dead one) {
  start();
  send_as("b", node_count{3});
  split("c", "b");
  pass(1s);
  const test::texts changed{"c slots 8192", "a slots 0", "b slots 8192 open"};
  CAF_CHECK_EQUAL(log, changed);
  // It expects the nodes that the other one counts.
  CAF_CHECK_EQUAL(parts["c"].nodes, 3u);
  CAF_CHECK_EQUAL(parts["b"].nodes, 0u);
}

CAF_TEST(a new master knows whether the old one is its replica) {
  start();
  table = list_of({range_of(0, 8191, {server_of("c", 1), server_of("a", 1)}),
                   range_of(8192, 16383, {server_of("d", 1)})});
  pass(1s);
  CAF_CHECK(parts["c"].follows_replica);
  CAF_CHECK(!parts["d"].follows_replica);
  CAF_MESSAGE("and that no node is subscribed there after ten seconds");
  pass(9s);
  CAF_CHECK(parts["c"].follows_replica);
  pass(1s);
  CAF_CHECK(!parts["c"].follows_replica);
}

CAF_TEST(masters are asked in turn and the seeds only if none is ready) {
  start();
  asked.clear();
  pass(1s);
  CAF_CHECK(asked.empty());
  report("a", false);
  report("b", false);
  pass(200ms);
  const test::texts servers{"a:1", "b:1", "seed:1"};
  CAF_CHECK_EQUAL(asked, servers);
}

CAF_TEST(a command that was redirected goes to the next master at once) {
  start();
  replies["b"] = test::text_reply("42");
  redirect(
    "MOVED " + std::to_string(key_slot('{' + first.key() + '}')) + " b:1", 1s);
  CAF_CHECK_EQUAL(answer, "42");
  // The slot is that of b from now on.
  const test::texts events{"a slots 8191 open", "b slots 8193",
                           "b command GET"};
  CAF_CHECK_EQUAL(log, events);
}

CAF_TEST(a command whose slot migrates is executed by the next master) {
  start();
  replies["b"] = test::text_reply("42");
  redirect("ASK 1 b:1", 1s);
  CAF_CHECK_EQUAL(answer, "42");
  CAF_CHECK_EQUAL(log, test::texts{"b asking GET"});
}

CAF_TEST(a command that must reach subscribers waits for the migration) {
  start();
  replies["a"] = error_of("ASK 1 b:1");
  redirect("ASK 1 b:1", 250ms, false);
  CAF_CHECK_EQUAL(answer, "");
  pass(100ms);
  CAF_CHECK_EQUAL(log, test::texts{"a command GET"});
  replies["a"] = test::text_reply("42");
  pass(100ms);
  CAF_CHECK_EQUAL(answer, "42");
}

CAF_TEST(a command that nobody executes fails in time) {
  start();
  replies["a"] = error_of("TRYAGAIN later");
  redirect("TRYAGAIN later", 250ms);
  pass(100ms);
  pass(100ms);
  CAF_CHECK_EQUAL(answer, "");
  pass(100ms);
  CAF_CHECK(answer.find("TRYAGAIN later") != answer.npos);
  CAF_CHECK(answer.find("bus_away") != answer.npos);
  const test::texts tried{"a command GET", "a command GET"};
  CAF_CHECK_EQUAL(log, tried);
}

CAF_TEST(a command waits for a master that is not ready yet) {
  start();
  report("a", false);
  log.clear();
  redirect("CLUSTERDOWN Hash slot not served", 1s);
  pass(100ms);
  CAF_CHECK(log.empty());
  replies["a"] = test::text_reply("42");
  report("a", true);
  CAF_CHECK_EQUAL(answer, "42");
}

CAF_TEST(metrics are those of all masters and of bridges that have ended) {
  CAF_CHECK_EQUAL(figure(aut, metric::servers_away), 1u);
  start();
  CAF_CHECK_EQUAL(figure(aut, metric::pushes), 10u);
  metrics past{room::redis};
  past[metric::pushes] = 7;
  self->send(router, bridge_retired{past});
  settle();
  CAF_CHECK_EQUAL(figure(aut, metric::pushes), 17u);
}

CAF_TEST(reports are awaited from all masters) {
  start();
  self->send(aut, await_atom_v, first, std::string{"p"},
             report_receiver_actor{});
  settle();
  const test::texts all{"a await p", "b await p"};
  CAF_CHECK_EQUAL(log, all);
}

CAF_TEST(all bridges leave) {
  start();
  self->send(aut, leave_atom_v);
  settle();
  const test::texts all{"a leave", "b leave"};
  CAF_CHECK_EQUAL(log, all);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace cluster_suite
