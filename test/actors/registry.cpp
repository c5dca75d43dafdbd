#define CAF_SUITE registry

#include "test/fixture.hpp"

using namespace waybill;

namespace {

const auto id456 = push_address::id("456");

struct registry_fixture : test::fixture {
  registry_fixture() { start(same_id::all); }

  void start(same_id policy) {
    bus = spawn<test::fake_bus>();
    aut = spawn<registry>(
      bus, policy, [this](const auto& line) { complaints.push_back(line); });
    settle();
  }

  session_actor join(const push_address& where) {
    auto result = spawn<test::fake_session>();
    self->send(aut, join_atom_v, where, result);
    settle();
    return result;
  }

  /// Lets the bus say that it has attached what it was asked for, oldest first.
  void attached() {
    auto& waiting = bus_state_of().attaching;
    CAF_REQUIRE(!waiting.empty());
    waiting.front().deliver(ok_atom_v);
    waiting.erase(waiting.begin());
    settle();
  }

  /// Lets the bus say that it has given back all that it was asked to.
  void detached() {
    for (auto& each : bus_state_of().detaching)
      each.deliver(ok_atom_v);
    bus_state_of().detaching.clear();
    settle();
  }

  void bus_is(bus_state state) {
    self->send(aut, state);
    settle();
  }

  void push(const push_address& where, const std::string& text) {
    self->send(aut, deliver_atom_v, where, waybill::push{"p", make_text(text)});
    settle();
  }

  void end(const session_actor& who) {
    self->send(who, gone_atom_v);
    settle();
  }

  test::fake_bus& bus_state_of() { return deref<test::fake_bus>(bus); }

  const test::texts& seen(const session_actor& who) {
    return deref<test::fake_session>(who).seen;
  }

  uint64_t count(const std::string& name) { return figure(aut, name); }

  bus_actor bus;
  registry_actor aut;
  test::texts complaints;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(registry_tests, registry_fixture)

CAF_TEST(holds an address from its first session to its last) {
  auto first = join(id456);
  auto second = join(id456);
  CAF_CHECK_EQUAL(bus_state_of().seen, test::texts{"attach id:456"});
  end(first);
  CAF_CHECK_EQUAL(bus_state_of().seen, test::texts{"attach id:456"});
  end(second);
  CAF_CHECK_EQUAL(bus_state_of().seen,
                  (test::texts{"attach id:456", "detach id:456"}));
  CAF_CHECK_EQUAL(count("addresses"), 0u);
  CAF_CHECK_EQUAL(count("sessions"), 0u);
}

CAF_TEST(greets a session when the bus is ready and its address attached) {
  auto first = join(id456);
  CAF_CHECK_EQUAL(seen(first), test::texts{});
  attached();
  CAF_CHECK_EQUAL(seen(first), test::texts{});
  bus_is(bus_state::ready);
  CAF_CHECK_EQUAL(seen(first), test::texts{"greet"});
  CAF_MESSAGE("the next one of the same address need not wait");
  auto second = join(id456);
  CAF_CHECK_EQUAL(seen(second), test::texts{"greet"});
  CAF_MESSAGE("but does while the bus is away");
  bus_is(bus_state::away);
  auto third = join(id456);
  CAF_CHECK_EQUAL(seen(third), test::texts{});
  bus_is(bus_state::ready);
  CAF_CHECK_EQUAL(seen(third), test::texts{"greet"});
  CAF_CHECK_EQUAL(seen(first), test::texts{"greet"});
}

CAF_TEST(does not take an old attachment for a new one) {
  bus_is(bus_state::ready);
  end(join(id456));
  auto second = join(id456);
  CAF_CHECK_EQUAL(
    bus_state_of().seen,
    (test::texts{"attach id:456", "detach id:456", "attach id:456"}));
  attached();
  CAF_CHECK_EQUAL(seen(second), test::texts{});
  attached();
  CAF_CHECK_EQUAL(seen(second), test::texts{"greet"});
}

CAF_TEST(delivers a push to all sessions of its address and to no other) {
  auto first = join(id456);
  auto second = join(id456);
  auto other = join(push_address::id("457"));
  push(id456, "a");
  push(id456, "b");
  CAF_CHECK_EQUAL(seen(first), (test::texts{"deliver a", "deliver b"}));
  CAF_CHECK_EQUAL(seen(second), (test::texts{"deliver a", "deliver b"}));
  CAF_CHECK_EQUAL(seen(other), test::texts{});
  CAF_CHECK_EQUAL(count("deliveries"), 4u);
}

CAF_TEST(forgets a session that went down) {
  auto first = join(id456);
  auto second = join(id456);
  end(first);
  push(id456, "a");
  CAF_CHECK_EQUAL(seen(second), test::texts{"deliver a"});
  CAF_CHECK_EQUAL(count("sessions"), 1u);
}

CAF_TEST(the late end of a replaced session changes nothing) {
  start(same_id::newest_per_node);
  auto older = join(id456);
  auto newer = join(id456);
  CAF_CHECK_EQUAL(seen(older), test::texts{"close 4501"});
  push(id456, "a");
  CAF_CHECK_EQUAL(seen(older), test::texts{"close 4501"});
  CAF_CHECK_EQUAL(seen(newer), test::texts{"deliver a"});
  end(older);
  push(id456, "b");
  CAF_CHECK_EQUAL(seen(newer), (test::texts{"deliver a", "deliver b"}));
  CAF_CHECK_EQUAL(bus_state_of().seen, test::texts{"attach id:456"});
  CAF_MESSAGE("its own end gives the address back");
  end(newer);
  CAF_CHECK_EQUAL(bus_state_of().seen,
                  (test::texts{"attach id:456", "detach id:456"}));
}

CAF_TEST(a replaced session that outlives its successor detaches nothing) {
  start(same_id::newest_per_node);
  auto older = join(id456);
  end(join(id456));
  auto newest = join(id456);
  end(older);
  push(id456, "a");
  CAF_CHECK_EQUAL(seen(newest), test::texts{"deliver a"});
  CAF_CHECK_EQUAL(
    bus_state_of().seen,
    (test::texts{"attach id:456", "detach id:456", "attach id:456"}));
}

CAF_TEST(reports a session that failed and forgets it) {
  auto who = join(id456);
  self->send_exit(who, caf::exit_reason::unhandled_exception);
  settle();
  CAF_CHECK_EQUAL(complaints.size(), 1u);
  CAF_CHECK_EQUAL(count("failed_sessions"), 1u);
  CAF_CHECK_EQUAL(count("sessions"), 0u);
}

CAF_TEST(gives addresses back in shares and then closes their sessions) {
  std::vector<session_actor> all;
  for (int i = 0; i < 100; ++i)
    all.push_back(join(push_address::id(std::to_string(i))));
  auto closed = [&] {
    return std::count_if(all.begin(), all.end(), [&](auto& who) {
      return seen(who) == test::texts{"close 1001"};
    });
  };
  auto drained = self->request(aut, caf::infinite, drain_atom_v,
                               caf::timespan{std::chrono::milliseconds{450}});
  settle();
  CAF_CHECK_EQUAL(bus_state_of().detaching.size(), 11u);
  CAF_MESSAGE("a session is closed when no more pushes can come for it");
  CAF_CHECK_EQUAL(closed(), 0);
  detached();
  CAF_CHECK_EQUAL(closed(), 11);
  for (int i = 0; i < 9; ++i) {
    advance_time(std::chrono::milliseconds{50});
    settle();
    detached();
  }
  CAF_CHECK_EQUAL(closed(), 100);
  for (auto& who : all)
    end(who);
  drained.receive([](ok_atom) {},
                  [&](caf::error& e) { CAF_FAIL(sys.render(e)); });
  CAF_MESSAGE("no address is given back twice");
  CAF_CHECK_EQUAL(bus_state_of().seen.size(), 200u);
}

CAF_TEST(delivers what comes before an address is given back) {
  auto who = join(id456);
  self->send(aut, drain_atom_v, caf::timespan{0});
  settle();
  push(id456, "a");
  detached();
  CAF_CHECK_EQUAL(seen(who), (test::texts{"deliver a", "close 1001"}));
}

CAF_TEST(closes a session that joins while it drains) {
  auto first = join(id456);
  self->send(aut, drain_atom_v, caf::timespan{0});
  settle();
  auto late = join(id456);
  CAF_CHECK_EQUAL(seen(late), test::texts{"close 1001"});
}

CAF_TEST_FIXTURE_SCOPE_END()
