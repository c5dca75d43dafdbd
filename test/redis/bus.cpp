// The contract of every bus, tested on the loopback and on a real Redis.

#define CAF_SUITE bus

#include <map>
#include <variant>

#include "net/event_loop.hpp"
#include "redis/bridge.hpp"
#include "redis/client_link.hpp"
#include "test/fixture.hpp"
#include "test/redis/server.hpp"

namespace bus_suite {

using namespace waybill;
using namespace std::chrono_literals;

namespace {

/// Time after which a test fails.
constexpr auto patience = 10s;

constexpr size_t mailbox_limit = 3;

struct description {
  std::string operator()(const push& x) { return std::string{x.body.bytes()}; }

  std::string operator()(const kick& x) { return "kick " + x.id; }

  std::string operator()(const claim&) { return "is claimed"; }

  std::string operator()(const query& x) {
    return to_string(x.type) + ' ' + x.id + " for " + x.reply_to;
  }

  std::string operator()(const last_value& x) {
    return "value " + std::string{x.content.body.bytes()};
  }
};

/// Forwards pushes from the bus to the test.
class probe : public hosted<registry_actor> {
public:
  probe(caf::actor_config& cfg, caf::execution_unit* host, caf::actor test)
      : hosted(cfg, host), test_(std::move(test)) {
    // nop
  }

protected:
  behavior_type make_behavior() override {
    return {
      [](admit_atom, const std::string&, const std::string&) {
        return bus_status{};
      },
      [](leave_atom, const std::string&, const std::string&) {},
      [](join_atom, const push_addresses&, const std::string&, transport_kind,
         const session_actor&) {},
      [this](deliver_atom, const addressed_messages& messages) {
        for (auto& [address, message] : messages)
          anon_send(test_,
                    address.key() + ' ' + std::visit(description{}, message));
      },
      [](attach_atom, const collector_actor&) {},
      [](attach_atom, const gateway_actor&) {},
      [](trace_atom, const trace_events&) {},
      [](topics_atom, const push_address&, const kept_topics&) {},
      [](lost_atom, const push_addresses&) {},
      [](bus_state) {},
      [](read_atom, const inbox_query&) { return inbox_page{}; },
      [](confirm_atom, const push_address&, const std::string&) {},
      [](drain_atom, caf::timespan) { return ok_atom_v; },
      [](tick_atom) {},
      [](spend_atom, const std::string&, uint64_t) { return caf::timespan{0}; },
      [](presence_atom, const push_address&) { return uint64_t{0}; },
      [](close_atom, const close_reason&) {},
      [](load_atom, uint64_t) {},
      [](drop_atom, uint64_t) {},
      [](get_atom) { return metrics{}; },
    };
  }

private:
  caf::actor test_;
};

/// Forwards the state of the bus to the test.
class watcher : public hosted<observer_actor> {
public:
  watcher(caf::actor_config& cfg, caf::execution_unit* host, caf::actor test)
      : hosted(cfg, host), test_(std::move(test)) {
    // nop
  }

protected:
  behavior_type make_behavior() override {
    return {
      [this](const bus_status& status) { anon_send(test_, status.state); },
    };
  }

private:
  caf::actor test_;
};

/// Forwards the reports of a push to the test.
class listener : public hosted<report_receiver_actor> {
public:
  listener(caf::actor_config& cfg, caf::execution_unit* host, caf::actor test)
      : hosted(cfg, host), test_(std::move(test)) {
    // nop
  }

protected:
  behavior_type make_behavior() override {
    return {
      [this](const report& report) { anon_send(test_, report); },
    };
  }

private:
  caf::actor test_;
};

/// Two nodes, each a bus and a registry, on a dedicated event loop.
struct nodes {
  explicit nodes(bool with_redis)
      : loop(sys, [](const std::string& message) { CAF_FAIL(message); }) {
    if (with_redis)
      server = std::make_unique<test::redis_server>();
    for (size_t i = 0; i < 2; ++i) {
      if (with_redis) {
        redis::bridge_config config;
        config.node = "n" + std::to_string(i);
        config.mailbox_limit = mailbox_limit;
        bus[i] = sys.spawn<redis::bridge>(
          &loop, config,
          std::make_shared<redis::client_link>(loop.context(), server->url()));
      } else {
        bus[i] = i == 0
                   ? bus_actor{sys.spawn<loopback>(&loop, "n0", mailbox_limit)}
                   : bus[0];
      }
      registry[i] = sys.spawn<probe>(&loop, caf::actor{self});
    }
    loop.start(alone);
    for (auto i : {0, 1}) {
      self->send(bus[i], subscribe_atom_v,
                 sys.spawn<watcher>(&loop, caf::actor{self}));
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

  /// Receives states until `wanted` comes.
  void await_state(bus_state wanted) {
    for (bool found = false; !found;)
      self->receive([&](bus_state state) { found = state == wanted; },
                    caf::after(patience) >> [] { CAF_FAIL("no state"); });
  }

  /// Receives the next push to a registry.
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
      .receive([](bool) {}, fail());
  }

  void detach(size_t node, const std::string& id) {
    self
      ->request(bus[node], patience, detach_atom_v, push_address::id(id),
                registry[node])
      .receive([](ok_atom) {}, fail());
    // The registry forwards all earlier pushes before it answers.
    self->request(registry[node], patience, get_atom_v)
      .receive([](const metrics&) {}, fail());
  }

  /// @returns the number of nodes that a push reached.
  uint64_t push(size_t node, const std::string& id, payload body) {
    return unbox(publish(node, id, waybill::push{"p", std::move(body)}))
      .counts.nodes;
  }

  caf::expected<outcome> publish(size_t node, const std::string& id,
                                 waybill::push push) {
    caf::expected<outcome> result{caf::sec::runtime_error};
    self
      ->request(bus[node], patience, publish_atom_v, push_address::id(id),
                std::move(push))
      .receive([&](const outcome& x) { result = x; },
               [&](caf::error& e) { result = std::move(e); });
    return result;
  }

  /// Reads a mailbox, up to `max_bytes`.
  inbox_page read(size_t node, const std::string& id, std::string after = "",
                  std::string upto = "", uint64_t max_bytes = 1000) {
    inbox_page result;
    self
      ->request(bus[node], patience, read_atom_v,
                inbox_query{push_address::id(id), std::move(after),
                            std::move(upto), max_bytes})
      .receive([&](const inbox_page& x) { result = x; }, fail());
    return result;
  }

  /// Confirms an entry, and waits until the bus has removed it.
  void confirm(size_t node, const std::string& id, const std::string& entry) {
    self->send(bus[node], confirm_atom_v, push_address::id(id), entry);
    // The bus may send the confirmation after the first request, but does so
    // before the second.
    presence(node, id);
    presence(node, id);
  }

  inbox_summary summarize(size_t node, const std::string& id) {
    inbox_summary result;
    self->request(bus[node], patience, read_atom_v, push_address::id(id))
      .receive([&](const inbox_summary& x) { result = x; }, fail());
    return result;
  }

  /// Requests a number from the bus of a node.
  template <class... Ts>
  uint64_t ask(size_t node, const Ts&... question) {
    uint64_t result = 0;
    self->request(bus[node], patience, question...)
      .receive([&](uint64_t x) { result = x; }, fail());
    return result;
  }

  uint64_t figure(size_t node, metric name) {
    uint64_t result = 0;
    self->request(bus[node], patience, get_atom_v)
      .receive([&](const metrics& all) { result = all[name]; }, fail());
    return result;
  }

  report next_report() {
    report result;
    self->receive([&](report& x) { result = std::move(x); },
                  caf::after(patience) >> [] { CAF_FAIL("no report"); });
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
  std::latch alone{1};
  net::event_loop loop;
  std::unique_ptr<test::redis_server> server;
  std::array<bus_actor, 2> bus;
  std::array<registry_actor, 2> registry;
};

waybill::push make_kept(const std::string& text,
                        std::chrono::milliseconds ttl = 100s) {
  waybill::push result{text, make_text(text)};
  result.ttl = ttl;
  return result;
}

waybill::push make_keyed(const std::string& id, const std::string& text) {
  waybill::push result{id, make_text(text)};
  result.key = "k";
  result.wait = 10s;
  return result;
}

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

CAF_TEST(a kick and a query reach every node that holds their address) {
  on_both([](nodes& cluster) {
    auto address = push_address::id("456");
    cluster.attach(0, "456");
    CAF_CHECK_EQUAL(cluster.ask(1, publish_atom_v, address, kick{"k"}), 1u);
    CAF_CHECK_EQUAL(cluster.next_push(), "id:456 kick k");
    query question{query::kind::sessions, "", "q", "n1"};
    CAF_CHECK_EQUAL(cluster.ask(1, publish_atom_v, address, question), 1u);
    CAF_CHECK_EQUAL(cluster.next_push(), "id:456 sessions q for n1");
    cluster.attach(1, "456");
    CAF_CHECK_EQUAL(cluster.ask(0, publish_atom_v, address, question), 2u);
    CAF_CHECK_EQUAL(
      cluster.ask(0, publish_atom_v, push_address::id("457"), kick{"k"}), 0u);
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
      // The answer came after the pushes, so all of them have arrived.
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

CAF_TEST(each of several pushes gets its own outcome) {
  on_both([](nodes& cluster) {
    cluster.attach(0, "456");
    auto kept = make_kept("b");
    auto name = [](const std::string& id) { return push_address::id(id); };
    cluster.self->send(
      cluster.bus[1], publish_atom_v,
      numbered_pushes{{1, name("456"), {"p1", make_text("a")}},
                      {2, name("457"), {"p2", make_text("b")}},
                      {3, name("458"), kept},
                      {4, name("456"), {"p4", make_text("c")}}},
      caf::actor_cast<outcome_receiver_actor>(cluster.self));
    std::map<uint64_t, outcome> found;
    while (found.size() < 4)
      cluster.self->receive([&](numbered_outcomes& outcomes) {
        for (auto& [number, x] : outcomes)
          found.emplace(number, unbox(std::move(x)));
      });
    CAF_CHECK_EQUAL(found.at(1).push, "p1");
    CAF_CHECK_EQUAL(found.at(1).counts.nodes, 1u);
    CAF_CHECK_EQUAL(found.at(2).counts.nodes, 0u);
    CAF_CHECK(found.at(3).kept);
    CAF_CHECK_EQUAL(found.at(4).counts.nodes, 1u);
    CAF_CHECK_EQUAL(cluster.next_push(), "id:456 a");
    CAF_CHECK_EQUAL(cluster.next_push(), "id:456 c");
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

CAF_TEST(a push with a time to live is kept until it is confirmed) {
  on_both([](nodes& cluster) {
    auto sent = unbox(cluster.publish(0, "456", make_kept("a")));
    CAF_CHECK(sent.kept);
    CAF_CHECK_EQUAL(sent.counts.nodes, 0u);
    cluster.attach(1, "456");
    CAF_CHECK_EQUAL(
      unbox(cluster.publish(0, "456", make_kept("b"))).counts.nodes, 1u);
    CAF_CHECK_EQUAL(cluster.next_push(), "id:456 b");
    auto page = cluster.read(1, "456");
    CAF_CHECK_EQUAL(test::texts_of(page), (test::texts{"a", "b"}));
    CAF_CHECK(page.pushes[0].ttl > 90s && page.pushes[0].ttl <= 100s);
    CAF_CHECK_EQUAL(page.pushes[0].id, "a");
    cluster.confirm(0, "456", page.pushes[0].entry);
    CAF_CHECK_EQUAL(test::texts_of(cluster.read(1, "456")), test::texts{"b"});
    cluster.confirm(0, "456", page.pushes[1].entry);
    CAF_CHECK_EQUAL(test::texts_of(cluster.read(1, "456")), test::texts{});
    CAF_CHECK_EQUAL(cluster.figure(0, metric::confirmed_pushes), 2u);
  });
}

CAF_TEST(a mailbox is read in parts up to where it ended at first) {
  on_both([](nodes& cluster) {
    cluster.publish(0, "456", make_kept(std::string(600, 'a')));
    cluster.publish(0, "456", make_kept(std::string(600, 'b')));
    auto first = cluster.read(0, "456", "", "", 500);
    // A page may exceed the requested size, but not without limit.
    CAF_REQUIRE(!first.pushes.empty());
    cluster.publish(0, "456", make_kept("c"));
    auto all = test::texts_of(first);
    while (first.more) {
      first
        = cluster.read(0, "456", first.pushes.back().entry, first.upto, 500);
      for (auto& text : test::texts_of(first))
        all.push_back(text);
    }
    CAF_CHECK_EQUAL(
      all, (test::texts{std::string(600, 'a'), std::string(600, 'b')}));
  });
}

CAF_TEST(a part of a mailbox has one push at least) {
  on_both([](nodes& cluster) {
    for (auto text : {"a", "b"})
      cluster.publish(0, "456", make_kept(text));
    auto first = cluster.read(0, "456", "", "", 0);
    CAF_REQUIRE_EQUAL(test::texts_of(first), test::texts{"a"});
    CAF_CHECK(first.more);
    auto last = cluster.read(0, "456", first.pushes[0].entry, first.upto, 0);
    CAF_CHECK_EQUAL(test::texts_of(last), test::texts{"b"});
    CAF_CHECK(!last.more);
  });
}

CAF_TEST(a push that finds its mailbox full is not sent) {
  on_both([](nodes& cluster) {
    cluster.attach(0, "456");
    for (auto text : {"a", "b", "c"}) {
      cluster.publish(0, "456", make_kept(text));
      CAF_CHECK_EQUAL(cluster.next_push(), std::string{"id:456 "} + text);
    }
    auto sent = cluster.publish(0, "456", make_kept("d"));
    CAF_REQUIRE(!sent);
    CAF_CHECK(sent.error() == errc::inbox_full);
    cluster.push(0, "456", make_text("e"));
    CAF_CHECK_EQUAL(cluster.next_push(), "id:456 e");
  });
}

CAF_TEST(what has expired is not read and takes no room) {
  on_both([](nodes& cluster) {
    for (auto text : {"a", "b", "c"})
      cluster.publish(0, "456", make_kept(text, 1ms));
    while (!cluster.read(0, "456").pushes.empty())
      ;
    CAF_CHECK(cluster.publish(0, "456", make_kept("d")));
    CAF_CHECK_EQUAL(test::texts_of(cluster.read(0, "456")), test::texts{"d"});
  });
}

CAF_TEST(a mailbox is summarized and emptied) {
  on_both([](nodes& cluster) {
    CAF_CHECK(cluster.summarize(0, "456") == inbox_summary{});
    cluster.publish(0, "456", make_kept("a", 1ms));
    while (!cluster.read(0, "456").pushes.empty())
      ;
    cluster.publish(0, "456", make_kept("b"));
    cluster.publish(1, "456", make_kept("c"));
    auto found = cluster.summarize(1, "456");
    CAF_CHECK_EQUAL(found.entries, 2u);
    CAF_CHECK(found.age >= 0ms && found.age < 60s);
    auto id = push_address::id("456");
    CAF_CHECK_EQUAL(cluster.ask(0, drop_atom_v, id), 2u);
    CAF_CHECK_EQUAL(test::texts_of(cluster.read(1, "456")), test::texts{});
    CAF_CHECK(cluster.summarize(1, "456") == inbox_summary{});
    CAF_CHECK_EQUAL(cluster.ask(0, drop_atom_v, id), 0u);
    CAF_CHECK(unbox(cluster.publish(0, "456", make_kept("d"))).kept);
    CAF_CHECK_EQUAL(test::texts_of(cluster.read(1, "456")), test::texts{"d"});
  });
}

CAF_TEST(a key stands for the push that it came with first) {
  on_both([](nodes& cluster) {
    CAF_MESSAGE("no node holds the address, so the key stays free");
    CAF_CHECK_EQUAL(
      unbox(cluster.publish(0, "456", make_keyed("p1", "a"))).push, "p1");
    cluster.attach(0, "456");
    auto first = unbox(cluster.publish(0, "456", make_keyed("p2", "a")));
    CAF_CHECK_EQUAL(first.push, "p2");
    CAF_CHECK_EQUAL(cluster.next_push(), "id:456 a");
    auto second = unbox(cluster.publish(1, "456", make_keyed("p3", "a")));
    CAF_CHECK_EQUAL(second.push, "p2");
    CAF_CHECK_EQUAL(second.counts.nodes, 1u);
    auto other = cluster.publish(1, "456", make_keyed("p4", "b"));
    CAF_CHECK(!other && other.error() == errc::key_reused);
    cluster.push(1, "456", make_text("last"));
    CAF_CHECK_EQUAL(cluster.next_push(), "id:456 last");
  });
}

CAF_TEST(a key is known for each address) {
  on_both([](nodes& cluster) {
    cluster.attach(0, "456");
    cluster.attach(0, "457");
    for (auto id : {"456", "457"}) {
      auto first = unbox(cluster.publish(0, id, make_keyed(id, id)));
      CAF_CHECK_EQUAL(first.push, id);
      CAF_CHECK_EQUAL(cluster.next_push(), "id:" + std::string{id} + ' ' + id);
    }
    CAF_CHECK_EQUAL(
      unbox(cluster.publish(1, "456", make_keyed("p", "456"))).push, "456");
  });
}

CAF_TEST(an id may contain braces) {
  on_both([](nodes& cluster) {
    for (std::string id : {"}x", "{a}b", "a}b{c", "{}"}) {
      cluster.attach(0, id);
      auto kept = make_kept("a");
      kept.key = "{k}";
      CAF_CHECK_EQUAL(unbox(cluster.publish(1, id, kept)).counts.nodes, 1u);
      CAF_CHECK_EQUAL(cluster.next_push(), "id:" + id + " a");
      CAF_CHECK_EQUAL(cluster.presence(1, id), 1u);
      CAF_CHECK_EQUAL(test::texts_of(cluster.read(0, id)), test::texts{"a"});
      auto address = push_address::id(id);
      auto number = cluster.ask(0, claim_atom_v, address);
      CAF_CHECK_EQUAL(cluster.next_push(), "id:" + id + " is claimed");
      CAF_CHECK_EQUAL(cluster.ask(1, get_atom_v, address), number);
    }
  });
}

CAF_TEST(a key waits for its first push until that is settled) {
  on_both([](nodes& cluster) {
    cluster.attach(0, "456");
    auto push = make_keyed("p1", "a");
    push.want = receipt_level::received;
    push.reply_to = "n0";
    auto first = unbox(cluster.publish(0, "456", push));
    push.id = "p2";
    auto early = cluster.publish(1, "456", push);
    CAF_CHECK(!early && early.error() == errc::in_flight);
    first.counts = {1, 1, 1, 1, 0};
    cluster.self->send(cluster.bus[0], record_atom_v, push_address::id("456"),
                       "k", first);
    cluster.presence(0, "456");
    auto late = unbox(cluster.publish(1, "456", push));
    CAF_CHECK_EQUAL(late.push, "p1");
    CAF_CHECK(late.counts == first.counts);
    CAF_CHECK(late.want == receipt_level::received);
  });
}

CAF_TEST(a repeat is answered at the level that it asks for) {
  on_both([](nodes& cluster) {
    cluster.attach(0, "456");
    auto push = make_keyed("p1", "a");
    push.want = receipt_level::received;
    push.reply_to = "n0";
    auto first = unbox(cluster.publish(0, "456", push));
    CAF_MESSAGE("while the first is in flight, only its nodes are known");
    auto routed = unbox(cluster.publish(1, "456", make_keyed("p2", "a")));
    CAF_CHECK_EQUAL(routed.push, "p1");
    CAF_CHECK(routed.want == receipt_level::routed);
    CAF_CHECK_EQUAL(routed.counts.nodes, 1u);
    CAF_CHECK_EQUAL(routed.unknown, 0u);
    first.counts = {1, 1, 1};
    first.unknown = 1;
    cluster.self->send(cluster.bus[0], record_atom_v, push_address::id("456"),
                       "k", first);
    cluster.presence(0, "456");
    routed = unbox(cluster.publish(1, "456", make_keyed("p3", "a")));
    CAF_CHECK_EQUAL(routed.counts.nodes, 1u);
    CAF_CHECK_EQUAL(routed.unknown, 0u);
    auto received = unbox(cluster.publish(1, "456", push));
    CAF_CHECK(received.counts == first.counts);
    CAF_CHECK_EQUAL(received.unknown, 1u);
  });
}

CAF_TEST(a repeat that asks for more is not told more than is known) {
  on_both([](nodes& cluster) {
    cluster.attach(0, "456");
    auto first = unbox(cluster.publish(0, "456", make_keyed("p1", "a")));
    cluster.self->send(cluster.bus[0], record_atom_v, push_address::id("456"),
                       "k", first);
    cluster.presence(0, "456");
    auto more = make_keyed("p2", "a");
    more.want = receipt_level::received;
    more.reply_to = "n1";
    auto answer = unbox(cluster.publish(1, "456", more));
    CAF_CHECK_EQUAL(answer.push, "p1");
    CAF_CHECK(answer.want == receipt_level::received);
    CAF_CHECK_EQUAL(answer.counts.received, 0u);
    CAF_CHECK_EQUAL(answer.unknown, 1u);
  });
}

CAF_TEST(a claim is received by all who hold the id and newer than the last) {
  on_both([](nodes& cluster) {
    cluster.attach(0, "456");
    auto address = push_address::id("456");
    auto first = cluster.ask(0, claim_atom_v, address);
    CAF_CHECK_EQUAL(cluster.next_push(), "id:456 is claimed");
    CAF_CHECK_EQUAL(cluster.ask(1, get_atom_v, address), first);
    auto second = cluster.ask(1, claim_atom_v, address);
    CAF_CHECK(second > first);
    CAF_CHECK_EQUAL(cluster.ask(0, get_atom_v, address), second);
    CAF_CHECK_EQUAL(cluster.ask(0, get_atom_v, push_address::id("457")), 0u);
  });
}

CAF_TEST(reports reach who waits for them) {
  on_both([](nodes& cluster) {
    auto address = push_address::id("456");
    auto waiting
      = cluster.sys.spawn<listener>(&cluster.loop, caf::actor{cluster.self});
    cluster.self->send(cluster.bus[0], await_atom_v, address, "p", waiting);
    cluster.presence(0, "456");
    report received;
    for (auto& content : std::vector<report::content_type>{
           delivery_counts{1, 2}, session_list{1, {{"192.0.2.1:80", 3, 4}}},
           trace_events{{"", trace_event::kind::joined, 5}},
           node_metrics{"1.2.3", {{"joins", 6}}}}) {
      cluster.self->send(cluster.bus[1], report_atom_v, address,
                         report{"p", "n0", content});
      received = cluster.next_report();
      CAF_CHECK_EQUAL(received.push, "p");
      CAF_CHECK(received.content == content);
      CAF_CHECK_NOT_EQUAL(received.node, "");
    }
    CAF_MESSAGE("a node answers a probe");
    CAF_CHECK_EQUAL(
      cluster.ask(0, probe_atom_v, address, received.node, std::string{"p"}),
      1u);
    CAF_CHECK(std::holds_alternative<settled>(cluster.next_report().content));
    cluster.self->send_exit(waiting, caf::exit_reason::kill);
    cluster.self->send(cluster.bus[0], forget_atom_v, address, "p");
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
    .receive([](const outcome&) { CAF_FAIL("no node can have answered"); },
             [&](caf::error& e) { error = e; });
  CAF_CHECK(error == errc::bus_away);
  cluster.server->start();
  cluster.await_state(bus_state::ready);
  cluster.await_state(bus_state::ready);
  CAF_CHECK_EQUAL(cluster.push(1, "456", make_text("a")), 1u);
  CAF_CHECK_EQUAL(cluster.next_push(), "id:456 a");
}

} // namespace bus_suite
