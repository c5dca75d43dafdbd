#define CAF_SUITE link_state

#include "redis/link_state.hpp"

#include <caf/test/dsl.hpp>

namespace link_state_suite {

using namespace waybill::redis;
using namespace std::chrono_literals;

namespace {

using command = link_state::command;
using side = link_state::side;

struct link_state_fixture {
  /// Connects as soon as that is due.
  void connect(link_state& link) {
    link.on_due();
    link.on_open(side::commands, now);
    link.on_open(side::pubsub, now);
    CAF_REQUIRE(link.is_up());
  }

  /// Loses the link after it was up for some time, and returns the time until
  /// the next attempt.
  std::chrono::milliseconds lose_after(std::chrono::milliseconds time) {
    connect(aut);
    now += time;
    return aut.on_lost(now, 1).delay;
  }

  /// Fails to connect, and returns the time until the next attempt.
  std::chrono::milliseconds fail(double part = 1) {
    aut.on_due();
    return aut.on_lost(now, part).delay;
  }

  link_state::time_point now{};

  /// The link to one server, and one to a master that Sentinels name.
  link_state aut{false};
  link_state resolving{true};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(link_state_tests, link_state_fixture)

CAF_TEST(is up when both connections are in whichever order) {
  for (auto first : {side::commands, side::pubsub}) {
    link_state link{false};
    auto second = first == side::commands ? side::pubsub : side::commands;
    CAF_CHECK(link.on_due() == command::open);
    CAF_CHECK(link.on_open(first, now) == command::none);
    CAF_CHECK(!link.is_up());
    CAF_CHECK(link.on_open(second, now) == command::announce);
    CAF_CHECK(link.is_up());
  }
}

CAF_TEST(opens both connections anew after the loss of one) {
  connect(aut);
  aut.on_lost(now, 1);
  CAF_CHECK(!aut.is_up());
  CAF_CHECK(aut.on_due() == command::open);
  CAF_CHECK(aut.on_open(side::commands, now) == command::none);
  CAF_CHECK(aut.on_open(side::pubsub, now) == command::announce);
}

CAF_TEST(connects once when an attempt is due) {
  CAF_CHECK(aut.on_due() == command::open);
  CAF_CHECK(aut.on_due() == command::none);
  aut.on_open(side::commands, now);
  CAF_CHECK(aut.on_due() == command::none);
  aut.on_open(side::pubsub, now);
  CAF_CHECK(aut.on_due() == command::none);
  CAF_CHECK(aut.is_up());
  CAF_CHECK(resolving.on_due() == command::resolve);
  CAF_CHECK(resolving.on_due() == command::none);
}

CAF_TEST(says farewell only on an open connection for commands) {
  auto says_farewell
    = [this](link_state& link) { return link.on_lost(now, 1).says_farewell; };
  CAF_CHECK(!says_farewell(aut));
  aut.on_due();
  CAF_CHECK(!says_farewell(aut));
  aut.on_due();
  aut.on_open(side::pubsub, now);
  CAF_CHECK(!says_farewell(aut));
  aut.on_due();
  aut.on_open(side::commands, now);
  CAF_CHECK(says_farewell(aut));
  connect(aut);
  CAF_CHECK(says_farewell(aut));
  CAF_CHECK(!says_farewell(aut));
}

CAF_TEST(the delay doubles up to a second) {
  for (auto delay : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms})
    CAF_CHECK(fail() == delay);
}

CAF_TEST(a random part of the delay is waited) {
  CAF_CHECK(fail(0.5) == 50ms);
  CAF_CHECK(fail(0.75) == 150ms);
  CAF_MESSAGE("and the full one doubles");
  CAF_CHECK(fail(1) == 400ms);
}

CAF_TEST(a link that was up for more than five seconds resets the delay) {
  fail();
  fail();
  CAF_CHECK(lose_after(5s) == 400ms);
  CAF_CHECK(lose_after(5001ms) == 100ms);
  CAF_MESSAGE("and one that never came up does not");
  aut.on_due();
  aut.on_open(side::commands, now);
  now += 6s;
  CAF_CHECK(aut.on_lost(now, 1).delay == 200ms);
}

CAF_TEST(with Sentinels it connects when they name the master) {
  CAF_CHECK(resolving.on_due() == command::resolve);
  CAF_CHECK(resolving.on_master(true) == command::open);
  CAF_CHECK(resolving.on_open(side::commands, now) == command::none);
  CAF_CHECK(resolving.on_open(side::pubsub, now) == command::announce);
  CAF_MESSAGE("and asks them again for each attempt");
  resolving.on_lost(now, 1);
  CAF_CHECK(resolving.on_due() == command::resolve);
  CAF_CHECK(resolving.on_master(false) == command::open);
}

CAF_TEST(tries again when no Sentinel names the master) {
  resolving.on_due();
  CAF_CHECK(resolving.on_no_master() == command::lose);
  CAF_CHECK(resolving.on_lost(now, 1).delay == 100ms);
  CAF_CHECK(resolving.on_due() == command::resolve);
}

CAF_TEST(needs no Sentinel but to connect) {
  CAF_CHECK(resolving.on_no_master() == command::none);
  resolving.on_due();
  resolving.on_master(false);
  CAF_CHECK(resolving.on_no_master() == command::none);
  resolving.on_open(side::commands, now);
  resolving.on_open(side::pubsub, now);
  CAF_CHECK(resolving.on_no_master() == command::none);
  CAF_CHECK(resolving.is_up());
}

CAF_TEST(leaves a server that is no longer the master) {
  resolving.on_due();
  resolving.on_master(false);
  CAF_CHECK(resolving.on_master(false) == command::none);
  CAF_CHECK(resolving.on_master(true) == command::lose);
  resolving.on_lost(now, 1);
  CAF_MESSAGE("also while it waits to connect there");
  CAF_CHECK(resolving.on_master(true) == command::lose);
  resolving.on_lost(now, 1);
  resolving.on_due();
  resolving.on_master(false);
  resolving.on_open(side::commands, now);
  resolving.on_open(side::pubsub, now);
  CAF_CHECK(resolving.on_master(false) == command::none);
  CAF_CHECK(resolving.on_master(true) == command::lose);
}

CAF_TEST(follows a master that moved without a long delay) {
  for (int i = 0; i < 5; ++i)
    resolving.on_lost(now, 1);
  CAF_CHECK(resolving.on_master(true) == command::lose);
  CAF_CHECK(resolving.on_lost(now, 1).delay == 100ms);
  CAF_MESSAGE("but an answer to its own question does not reset the delay");
  resolving.on_due();
  CAF_CHECK(resolving.on_master(true) == command::open);
  CAF_CHECK(resolving.on_lost(now, 1).delay == 200ms);
}

CAF_TEST(doubts a Sentinel that named a server which does not let it in) {
  resolving.on_due();
  resolving.on_master(false);
  CAF_CHECK(resolving.doubts_sentinel());
  resolving.on_open(side::commands, now);
  CAF_CHECK(resolving.doubts_sentinel());
  resolving.on_open(side::pubsub, now);
  CAF_CHECK(!resolving.doubts_sentinel());
  CAF_MESSAGE("if there is one");
  CAF_CHECK(!aut.doubts_sentinel());
}

CAF_TEST(is not up once it has stopped) {
  connect(aut);
  aut.on_stopped();
  CAF_CHECK(!aut.is_up());
  CAF_CHECK(aut.on_due() == command::none);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace link_state_suite
