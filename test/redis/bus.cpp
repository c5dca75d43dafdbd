// What every bus promises, tried on the loopback and on a real Redis.

#define CAF_SUITE bus

#include "net/event_loop.hpp"
#include "redis/bridge.hpp"
#include "redis/link.hpp"
#include "test/fixture.hpp"
#include "test/redis/server.hpp"

using namespace waybill;
using namespace std::chrono_literals;

namespace {

/// How long anything may take before a test fails.
constexpr auto patience = 10s;

/// Forwards what the bus brings to the test.
class probe : public hosted<registry_actor> {
public:
  probe(caf::actor_config& cfg, caf::execution_unit* host, caf::actor test)
      : hosted(cfg, host), test_(std::move(test)) {
    // nop
  }

protected:
  behavior_type make_behavior() override {
    return {
      [](join_atom, const push_address&, const session_actor&) {},
      [this](deliver_atom, const push_address& where, const push& what) {
        anon_send(test_, where.key() + ' ' + std::string{what.body.bytes()});
      },
      [this](bus_state state) { anon_send(test_, state); },
      [](drain_atom, caf::timespan) { return ok_atom_v; },
      [](tick_atom) {},
      [](count_atom, const std::string&) {},
      [](get_atom) { return counters{}; },
    };
  }

private:
  caf::actor test_;
};

/// Two nodes, each a bus and a registry, on an event loop of their own.
struct nodes {
  explicit nodes(bool with_redis)
      : loop(sys, [](const std::string& what) { CAF_FAIL(what); }) {
    if (with_redis)
      server = std::make_unique<test::redis_server>();
    for (size_t i = 0; i < 2; ++i) {
      if (with_redis) {
        redis::bridge_config config;
        config.node = "n" + std::to_string(i);
        bus[i] = sys.spawn<redis::bridge>(
          &loop, config,
          std::make_shared<redis::link>(loop.context(), server->url()));
      } else {
        bus[i] = i == 0 ? bus_actor{sys.spawn<loopback>(&loop)} : bus[0];
      }
      registry[i] = sys.spawn<probe>(&loop, caf::actor{self});
    }
    loop.start();
    for (auto i : {0, 1}) {
      self->send(bus[i], subscribe_atom_v, observer_actor{registry[i]});
      await_state(bus_state::ready);
    }
  }

  ~nodes() {
    for (auto i : {0, 1}) {
      self->send_exit(bus[i], caf::exit_reason::kill);
      self->send_exit(registry[i], caf::exit_reason::kill);
      self->wait_for(bus[i], registry[i]);
      bus[i] = nullptr;
      registry[i] = nullptr;
    }
    loop.stop();
  }

  /// Takes states until `wanted` comes.
  void await_state(bus_state wanted) {
    for (bool found = false; !found;)
      self->receive([&](bus_state state) { found = state == wanted; },
                    caf::after(patience) >> [] { CAF_FAIL("no state"); });
  }

  /// Takes the next push that a registry got.
  std::string next_push() {
    std::string result;
    self->receive([&](std::string& text) { result = std::move(text); },
                  caf::after(patience) >> [] { CAF_FAIL("no push"); });
    return result;
  }

  void attach(size_t node, const std::string& id) {
    self
      ->request(bus[node], patience, attach_atom_v, push_address::id(id),
                registry[node])
      .receive([](ok_atom) {}, fail());
  }

  void detach(size_t node, const std::string& id) {
    self
      ->request(bus[node], patience, detach_atom_v, push_address::id(id),
                registry[node])
      .receive([](ok_atom) {}, fail());
    // What the registry got before this, it has forwarded before it answers.
    self->request(registry[node], patience, get_atom_v)
      .receive([](const counters&) {}, fail());
  }

  /// @returns how many nodes a push reached.
  uint64_t push(size_t node, const std::string& id, payload body) {
    uint64_t result = 0;
    self
      ->request(bus[node], patience, publish_atom_v, push_address::id(id),
                waybill::push{"p", std::move(body)})
      .receive([&](uint64_t nodes) { result = nodes; }, fail());
    return result;
  }

  uint64_t presence(size_t node, const std::string& id) {
    uint64_t result = 0;
    self->request(bus[node], patience, presence_atom_v, push_address::id(id))
      .receive([&](uint64_t nodes) { result = nodes; }, fail());
    return result;
  }

  std::function<void(caf::error&)> fail() {
    return [this](caf::error& e) { CAF_FAIL(sys.render(e)); };
  }

  system_config types;
  caf::actor_system sys{types};
  caf::scoped_actor self{sys};
  net::event_loop loop;
  std::unique_ptr<test::redis_server> server;
  std::array<bus_actor, 2> bus;
  std::array<registry_actor, 2> registry;
};

/// Runs a test on both buses.
template <class Test>
void on_both(Test test) {
  for (auto with_redis : {false, true}) {
    CAF_MESSAGE((with_redis ? "on Redis" : "on the loopback"));
    nodes cluster{with_redis};
    test(cluster);
  }
}

} // namespace

CAF_TEST(a push reaches every node that holds its address and says how many) {
  on_both([](nodes& cluster) {
    cluster.attach(0, "456");
    CAF_CHECK_EQUAL(cluster.push(1, "456", make_text("a")), 1u);
    CAF_CHECK_EQUAL(cluster.next_push(), "id:456 a");
    cluster.attach(1, "456");
    CAF_CHECK_EQUAL(cluster.push(1, "456", make_text("b")), 2u);
    CAF_CHECK_EQUAL(cluster.next_push(), "id:456 b");
    CAF_CHECK_EQUAL(cluster.next_push(), "id:456 b");
    CAF_CHECK_EQUAL(cluster.push(1, "457", make_text("c")), 0u);
  });
}

CAF_TEST(a node that gave an address back gets no more pushes to it) {
  on_both([](nodes& cluster) {
    cluster.attach(0, "456");
    cluster.attach(1, "456");
    cluster.detach(0, "456");
    CAF_CHECK_EQUAL(cluster.push(0, "456", make_text("a")), 1u);
    CAF_CHECK_EQUAL(cluster.next_push(), "id:456 a");
    cluster.attach(0, "456");
    CAF_CHECK_EQUAL(cluster.push(1, "456", make_text("b")), 2u);
  });
}

CAF_TEST(what counted a node reaches it before its detach is answered) {
  on_both([](nodes& cluster) {
    for (int round = 0; round < 20; ++round) {
      cluster.attach(0, "456");
      for (int i = 0; i < 50; ++i)
        anon_send(cluster.bus[1], publish_atom_v, push_address::id("456"),
                  push{"p", make_text(std::to_string(i))});
      CAF_CHECK_EQUAL(cluster.push(1, "456", make_text("last")), 1u);
      cluster.detach(0, "456");
      // The answer came after the pushes, so all of them are here.
      size_t count = 0;
      for (; !cluster.self->mailbox().empty(); ++count)
        cluster.next_push();
      CAF_CHECK_EQUAL(count, 51u);
    }
  });
}

CAF_TEST(presence is how many nodes hold an address) {
  on_both([](nodes& cluster) {
    CAF_CHECK_EQUAL(cluster.presence(0, "456"), 0u);
    cluster.attach(0, "456");
    CAF_CHECK_EQUAL(cluster.presence(1, "456"), 1u);
    cluster.attach(1, "456");
    CAF_CHECK_EQUAL(cluster.presence(0, "456"), 2u);
  });
}

CAF_TEST(pushes of one pusher arrive in order) {
  on_both([](nodes& cluster) {
    cluster.attach(0, "456");
    for (int i = 0; i < 1000; ++i)
      anon_send(cluster.bus[1], publish_atom_v, push_address::id("456"),
                push{"p", make_text(std::to_string(i))});
    for (int i = 0; i < 1000; ++i)
      CAF_REQUIRE_EQUAL(cluster.next_push(), "id:456 " + std::to_string(i));
  });
}

CAF_TEST(a payload may be any bytes) {
  on_both([](nodes& cluster) {
    cluster.attach(0, "4 5\n6%");
    std::string bytes{"\r\n\0\xff", 4};
    cluster.push(1, "4 5\n6%", payload{payload::format::binary, bytes});
    CAF_CHECK_EQUAL(cluster.next_push(), "id:4 5\n6% " + bytes);
  });
}

CAF_TEST(a bus that comes back brings pushes to all that was attached) {
  nodes cluster{true};
  cluster.attach(0, "456");
  cluster.server->stop();
  cluster.await_state(bus_state::away);
  cluster.await_state(bus_state::away);
  auto error = caf::error{};
  cluster.self
    ->request(cluster.bus[1], patience, publish_atom_v, push_address::id("456"),
              push{"p", make_text("lost")})
    .receive([](uint64_t) { CAF_FAIL("nobody can have answered"); },
             [&](caf::error& e) { error = e; });
  CAF_CHECK(error == errc::bus_away);
  cluster.server->start();
  cluster.await_state(bus_state::ready);
  cluster.await_state(bus_state::ready);
  CAF_CHECK_EQUAL(cluster.push(1, "456", make_text("a")), 1u);
  CAF_CHECK_EQUAL(cluster.next_push(), "id:456 a");
}
