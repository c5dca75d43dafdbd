#define CAF_SUITE gateway

#include "actors/gateway.hpp"

#include "test/fixture.hpp"

namespace gateway_suite {

using namespace waybill;
using namespace std::chrono_literals;

namespace {

const auto id456 = push_address::id("456");

struct gateway_fixture : test::fixture {
  gateway_fixture() { start({}); }

  void start(node_limits limits) {
    bus = spawn<test::fake_bus>();
    holder = spawn<registry>(bus, same_id::all, nullptr, limits);
    actor = spawn_gateway(bus, holder, "n1");
    settle();
    fake().seen.clear();
  }

  waybill::gateway& aut() { return deref<waybill::gateway>(actor); }

  test::fake_bus& fake() { return deref<test::fake_bus>(bus); }

  void end() {
    self->send_exit(actor, caf::exit_reason::user_shutdown);
    settle();
  }

  void pass(caf::timespan time) {
    advance_time(time);
    settle();
  }

  /// Publishes a push; the result is empty until it is answered, then the push
  /// of the outcome or the error.
  std::shared_ptr<std::string> publish(push push) {
    auto result = std::make_shared<std::string>();
    aut().publish(id456, std::move(push),
                  [this, result](const caf::expected<outcome>& x) {
                    *result = x ? x->push : sys.render(x.error());
                  });
    settle();
    return result;
  }

  /// Takes a place, and returns it or keeps the error.
  session_slot_ptr admit(const std::string& id, const std::string& peer) {
    session_slot_ptr result;
    refusal = errc{};
    aut().admit(id, peer, [&](caf::expected<session_slot_ptr> x) {
      if (x)
        result = std::move(*x);
      else
        refusal = static_cast<errc>(x.error().code());
    });
    settle();
    return result;
  }

  metrics stats() {
    metrics result;
    aut().stats([&](const metrics& x) { result = x; });
    settle();
    return result;
  }

  /// Lets the bus answer the first push that waits.
  void answer(outcome outcome) {
    CAF_REQUIRE(!fake().publishing.empty());
    fake().publishing.front().deliver(std::move(outcome));
    fake().publishing.erase(fake().publishing.begin());
    settle();
  }

  /// Returns the trace of an id, as the node answers a query for it.
  trace_events trace_of(const std::string& id) {
    deliver(holder, push_address::nodes(),
            query{query::kind::trace, id, "q", "n1"});
    CAF_REQUIRE(!fake().reports.empty());
    return std::get<trace_events>(fake().reports.back().content);
  }

  bus_actor bus;
  registry_actor holder;
  gateway_actor actor;
  errc refusal = errc{};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(gateway_tests, gateway_fixture)

CAF_TEST(the name of a push begins with its node and is never used again) {
  auto first = aut().next_push_id();
  auto second = aut().next_push_id();
  CAF_CHECK(first.starts_with("n1-"));
  CAF_CHECK_NOT_EQUAL(first, second);
  auto same_node = spawn_gateway(bus, holder, "n1");
  CAF_CHECK_NOT_EQUAL(first, deref<waybill::gateway>(same_node).next_push_id());
}

CAF_TEST(a push that needs no receipt waits for the bus alone) {
  auto found = publish({"p", make_text("a")});
  CAF_CHECK_EQUAL(fake().seen, test::texts{"publish id:456"});
  CAF_CHECK_EQUAL(*found, "");
  answer({"p"});
  CAF_CHECK_EQUAL(*found, "p");
}

CAF_TEST(pushes of one turn go to the bus in one message) {
  std::vector<std::string> found;
  for (auto name : {"p", "q", "r"})
    aut().publish(id456, {name, make_text("a")},
                  [&](const caf::expected<outcome>& x) {
                    found.push_back(x ? x->push : sys.render(x.error()));
                  });
  expect((publish_atom), from(actor).to(actor));
  disallow((publish_atom), from(actor).to(actor));
  CAF_CHECK_EQUAL(fake().pushes.size(), 0u);
  expect((publish_atom, numbered_pushes, outcome_receiver_actor),
         from(actor).to(bus));
  CAF_CHECK_EQUAL(fake().pushes.size(), 3u);
  disallow((publish_atom, numbered_pushes, outcome_receiver_actor),
           from(actor).to(bus));
  CAF_MESSAGE("outcomes may come in any order");
  fake().publishing.at(2).deliver(outcome{"r"});
  fake().publishing.at(0).deliver(outcome{"p"});
  fake().publishing.at(1).deliver(caf::error{errc::busy});
  settle();
  CAF_CHECK_EQUAL(found, (test::texts{"r", "p", "busy"}));
}

CAF_TEST(a push hands on the error of the bus) {
  auto found = publish({"p", make_text("a")});
  fake().publishing.front().deliver(
    caf::error{errc::bus_away, std::string{"it is full"}});
  settle();
  CAF_CHECK_EQUAL(*found, R"(bus_away("it is full"))");
}

CAF_TEST(a push that wants a receipt has this node wait for reports) {
  push push{"p", make_text("a")};
  push.want = receipt_level::written;
  push.wait = 1s;
  auto found = publish(push);
  CAF_CHECK_EQUAL(fake().seen, (test::texts{"await p", "publish id:456"}));
  answer({"p", receipt_level::written});
  CAF_CHECK_EQUAL(*found, "p");
  CAF_CHECK_EQUAL(fake().seen.back(), "forget p");
}

CAF_TEST(a push with a key alone waits for no reports) {
  push push{"p", make_text("a")};
  push.key = "k";
  push.wait = 1s;
  auto found = publish(push);
  answer({"p"});
  CAF_CHECK_EQUAL(*found, "p");
  CAF_CHECK_EQUAL(fake().seen, (test::texts{"publish id:456", "settle k"}));
}

CAF_TEST(a query has this node wait for reports) {
  std::string result;
  aut().query(id456, {query::kind::sessions}, 1s,
              [&](const caf::expected<query_result>& x) {
                result = x ? std::to_string(x->nodes) : sys.render(x.error());
              });
  settle();
  CAF_REQUIRE_EQUAL(fake().queries.size(), 1u);
  auto asked = fake().queries[0];
  CAF_CHECK(asked.id.starts_with("n1-"));
  CAF_CHECK_EQUAL(asked.reply_to, "n1");
  CAF_CHECK_EQUAL(
    fake().seen, (test::texts{"await " + asked.id, "ask id:456 for sessions"}));
  CAF_CHECK_EQUAL(result, "");
  fake().asking.at(0).deliver(uint64_t{1});
  settle();
  self->send(fake().awaiting.at(0),
             report{asked.id, "n1", delivery_counts{1}, "n2"});
  settle();
  CAF_CHECK_EQUAL(result, "1");
}

CAF_TEST(a kick waits for the bus alone) {
  std::string result;
  aut().kick(id456, [&](caf::expected<uint64_t> x) {
    result = x ? std::to_string(*x) : sys.render(x.error());
  });
  settle();
  CAF_CHECK_EQUAL(fake().seen, test::texts{"kick id:456"});
  CAF_REQUIRE_EQUAL(fake().kicks.size(), 1u);
  CAF_CHECK(fake().kicks[0].id.starts_with("n1-"));
  fake().asking.at(0).deliver(uint64_t{2});
  settle();
  CAF_CHECK_EQUAL(result, "2");
}

CAF_TEST(asks the bus for its state each time) {
  bus_status found;
  aut().state([&](const bus_status& x) { found = x; });
  settle();
  CAF_CHECK(found.state == bus_state::ready);
  found = {};
  aut().state(id456, [&](const bus_status& x) { found = x; });
  settle();
  CAF_CHECK(found.state == bus_state::ready);
  CAF_MESSAGE("one that has ended is away");
  self->send_exit(bus, caf::exit_reason::kill);
  settle();
  aut().state([&](const bus_status& x) { found = x; });
  settle();
  CAF_CHECK_EQUAL(found, bus_status{});
}

CAF_TEST(asks the bus who holds an address) {
  uint64_t nodes = 99;
  aut().presence(id456, [&](caf::expected<uint64_t> x) { nodes = unbox(x); });
  settle();
  CAF_CHECK_EQUAL(nodes, 0u);
  CAF_CHECK_EQUAL(fake().seen, test::texts{"presence id:456"});
}

CAF_TEST(a place is given back when its slot ends) {
  node_limits limits;
  limits.sessions.in_total = 1;
  start(limits);
  auto slot = admit("456", "192.0.2.1");
  CAF_REQUIRE(slot);
  CAF_CHECK_EQUAL(slot->id(), "456");
  CAF_CHECK_EQUAL(slot->peer(), "192.0.2.1");
  CAF_CHECK(!admit("457", "192.0.2.2"));
  CAF_CHECK(refusal == errc::node_full);
  slot = nullptr;
  settle();
  CAF_CHECK(admit("457", "192.0.2.2"));
}

CAF_TEST(a place that the caller does not keep is free) {
  node_limits limits;
  limits.sessions.per_peer = 1;
  start(limits);
  aut().admit("456", "192.0.2.1", [](const auto&) {});
  settle();
  auto slot = admit("457", "192.0.2.1");
  CAF_REQUIRE(slot);
  CAF_CHECK(!admit("458", "192.0.2.1"));
  CAF_CHECK(refusal == errc::peer_full);
}

CAF_TEST(a session joins its id and its topics and what everyone hears) {
  auto connection = std::make_shared<test::fake_transport>();
  auto slot = admit("456", "192.0.2.1");
  CAF_REQUIRE(slot);
  spawned.push_back(caf::actor_cast<caf::actor>(
    aut().open_session(*slot, {"news", "sport"}, connection)));
  settle();
  auto attached = fake().seen;
  attached.resize(4);
  CAF_CHECK_EQUAL(attached, (test::texts{"attach id:456", "attach topic:news",
                                         "attach topic:sport", "attach all"}));
  CAF_CHECK(stats()[metric::sessions] == 1);
}

CAF_TEST(a pusher that is too fast is told how long to wait) {
  node_limits limits;
  limits.max_push_rate = 10;
  start(limits);
  auto spend = [this](uint64_t pushes) {
    caf::timespan result{-1};
    aut().spend("joe", pushes,
                [&](caf::expected<caf::timespan> x) { result = unbox(x); });
    settle();
    return result;
  };
  CAF_CHECK_EQUAL(spend(10), caf::timespan{0});
  CAF_CHECK(spend(1) > 0s);
}

CAF_TEST(is draining from when it is told) {
  CAF_CHECK(!aut().draining());
  self->send(actor, drain_atom_v);
  settle();
  CAF_CHECK(aut().draining());
}

CAF_TEST(a metric and its part are counted at once) {
  aut().count(metric::refused_requests);
  aut().count(metric::refused_requests, metric::refused_tokens);
  settle();
  auto found = stats();
  CAF_CHECK_EQUAL(found[metric::refused_requests], 2u);
  CAF_CHECK_EQUAL(found[metric::refused_tokens], 1u);
}

CAF_TEST(what happens often is counted once a second) {
  aut().note(metric::kept_pushes);
  aut().note(metric::kept_pushes);
  aut().note(latency::written, 2ms);
  pass(999ms);
  CAF_CHECK(stats()[metric::kept_pushes] == 0u);
  CAF_CHECK_EQUAL(stats()[latency::written].count(), 0u);
  pass(1ms);
  CAF_CHECK(stats()[metric::kept_pushes] == 2u);
  CAF_CHECK_EQUAL(stats()[latency::written].microseconds(), 2000u);
  CAF_MESSAGE("and counted no second time");
  aut().note(metric::answers_200);
  pass(1s);
  CAF_CHECK(stats()[metric::kept_pushes] == 2u);
  CAF_CHECK_EQUAL(stats()[latency::written].count(), 1u);
  CAF_CHECK(stats()[metric::answers_200] == 1u);
}

CAF_TEST(a push is named when it is taken) {
  push push{"", make_text("a")};
  aut().take(id456, push);
  CAF_CHECK(push.id.starts_with("n1-"));
  CAF_CHECK(push.id.ends_with("-1"));
  aut().take(push_address::topic("456"), push);
  CAF_CHECK(push.id.ends_with("-2"));
}

CAF_TEST(a push is in the trace of its id at once) {
  push push{"", make_text("hello")};
  auto taken = aut().take(id456, push);
  auto found = trace_of("456");
  CAF_REQUIRE_EQUAL(found.size(), 1u);
  CAF_CHECK(found[0].type == trace_event::kind::taken);
  CAF_CHECK_EQUAL(found[0].push, push.id);
  CAF_CHECK_EQUAL(found[0].count, 5u);
  CAF_CHECK_EQUAL(found[0].text, "routed");
  aut().answered(taken, 200);
  found = trace_of("456");
  CAF_REQUIRE_EQUAL(found.size(), 2u);
  CAF_CHECK(found[1].type == trace_event::kind::answered);
  CAF_CHECK_EQUAL(found[1].push, push.id);
  CAF_CHECK_EQUAL(found[1].count, 200u);
  CAF_CHECK(trace_of("457").empty());
}

CAF_TEST(a push to a topic is not traced) {
  push push{"", make_text("hello")};
  aut().answered(aut().take(push_address::topic("456"), push), 200);
  CAF_CHECK(trace_of("456").empty());
}

CAF_TEST(a trace has the pushes of all gateways of the node) {
  auto other = spawn_gateway(bus, holder, "n1");
  settle();
  push push{"", make_text("hello")};
  aut().take(id456, push);
  auto& second = deref<waybill::gateway>(other);
  second.answered(second.take(id456, push), 200);
  CAF_CHECK_EQUAL(trace_of("456").size(), 3u);
  CAF_MESSAGE("but for those of one that has ended");
  end();
  CAF_CHECK_EQUAL(trace_of("456").size(), 2u);
}

CAF_TEST(without news no time is measured) {
  CAF_CHECK(!sched.has_pending_timeout());
  push push{"", make_text("a")};
  aut().answered(aut().take(id456, push), 200);
  CAF_CHECK(!sched.has_pending_timeout());
  aut().note(metric::kept_pushes);
  CAF_CHECK(sched.has_pending_timeout());
  pass(1s);
  CAF_CHECK(!sched.has_pending_timeout());
}

CAF_TEST(once it has ended every question is answered at once) {
  end();
  auto away
    = [](const auto& x) { CAF_CHECK(!x && x.error() == errc::bus_away); };
  size_t answers = 0;
  auto count = [&](const auto& x) {
    away(x);
    ++answers;
  };
  aut().publish(id456, {"p", make_text("a")}, count);
  push push{"p", make_text("a")};
  push.want = receipt_level::received;
  aut().publish(id456, push, count);
  aut().kick(id456, count);
  aut().query(id456, {}, 1s, count);
  aut().presence(id456, count);
  aut().spend("joe", 1, count);
  aut().admit("456", "192.0.2.1", count);
  CAF_CHECK_EQUAL(answers, 7u);
  auto status = bus_status{bus_state::ready};
  aut().state(id456, [&](const bus_status& x) { status = x; });
  CAF_CHECK_EQUAL(status, bus_status{});
  metrics figures{room::net};
  aut().stats([&](const metrics& x) { figures = x; });
  CAF_CHECK(to_counters(figures).empty());
  CAF_MESSAGE("and no tick keeps it alive");
  aut().note(metric::kept_pushes);
  CAF_CHECK(!sched.has_pending_timeout());
}

CAF_TEST(receipts and surveys end with it) {
  auto actors = sys.registry().running();
  push push{"p", make_text("a")};
  push.want = receipt_level::received;
  push.wait = 1s;
  auto found = publish(push);
  aut().query(id456, {}, 1s, [](const auto&) {});
  settle();
  CAF_CHECK_EQUAL(sys.registry().running(), actors + 2);
  end();
  // Promises that are open refer to the receipt and the survey, and so does
  // the bus.
  fake().publishing.clear();
  fake().asking.clear();
  pass(1s);
  CAF_CHECK_EQUAL(sys.registry().running(), actors - 1);
  CAF_CHECK_EQUAL(*found, "");
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace gateway_suite
