#define CAF_SUITE session

#include "test/fixture.hpp"

using namespace waybill;

namespace {

struct session_fixture : test::fixture {
  session_fixture() { start({}); }

  void start(session_config config) {
    connection = std::make_shared<test::fake_transport>();
    bus = spawn<test::fake_bus>();
    registry = spawn<waybill::registry>(bus, same_id::all);
    aut = spawn<session>(std::move(config), "456", connection);
    self->send(registry, join_atom_v, push_address::id("456"), aut);
    run();
  }

  void push(const std::string& text) {
    inject((deliver_atom, payload),
           from(self).to(aut).with(deliver_atom_v, make_text(text)));
  }

  void greet() { inject((greet_atom), from(self).to(aut).with(greet_atom_v)); }

  void written() {
    inject((written_atom), from(self).to(aut).with(written_atom_v));
  }

  void close(close_code code) {
    inject((close_atom, close_reason),
           from(self).to(aut).with(close_atom_v, close_reason{code, "why"}));
  }

  bool is_up() {
    return !deref(aut).getf(caf::abstract_actor::is_terminated_flag);
  }

  std::shared_ptr<test::fake_transport> connection;
  bus_actor bus;
  registry_actor registry;
  session_actor aut;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(session_tests, session_fixture)

CAF_TEST(says nothing before it can be reached) {
  push("a");
  CAF_CHECK_EQUAL(connection->written, test::texts{});
  greet();
  CAF_CHECK_EQUAL(connection->written, test::texts{"连接成功!"});
}

CAF_TEST(writes one frame at a time in the order of the pushes) {
  greet();
  push("a");
  push("b");
  CAF_CHECK_EQUAL(connection->written, test::texts{"连接成功!"});
  written();
  CAF_CHECK_EQUAL(connection->written, (test::texts{"连接成功!", "a"}));
  written();
  CAF_CHECK_EQUAL(connection->written, (test::texts{"连接成功!", "a", "b"}));
}

CAF_TEST(greets once) {
  greet();
  written();
  greet();
  push("a");
  CAF_CHECK_EQUAL(connection->written, (test::texts{"连接成功!", "a"}));
}

CAF_TEST(without a greeting the first frame is a push) {
  session_config config;
  config.greeting = make_text("");
  start(config);
  greet();
  push("a");
  CAF_CHECK_EQUAL(connection->written, test::texts{"a"});
}

CAF_TEST(ends with 1013 when its queue is full) {
  session_config config;
  config.max_queue = 20;
  start(config);
  greet();
  written();
  push("0123456789");
  push("0123456789");
  CAF_CHECK(!connection->closed);
  push("x");
  CAF_REQUIRE(connection->closed);
  CAF_CHECK_EQUAL(connection->closed->code, close_code::try_again_later);
  CAF_MESSAGE("the frame under way may end, and nothing follows it");
  written();
  CAF_CHECK_EQUAL(connection->written,
                  (test::texts{"连接成功!", "0123456789"}));
  anon_send(aut, gone_atom_v);
  run();
  CAF_CHECK(!is_up());
  CAF_CHECK_EQUAL(figure(registry, "slow_clients"), 1u);
  CAF_CHECK_EQUAL(figure(registry, "dropped_frames"), 2u);
  CAF_CHECK_EQUAL(figure(registry, "sessions"), 0u);
}

CAF_TEST(takes new pushes when the socket has taken old ones) {
  session_config config;
  config.max_queue = 20;
  start(config);
  greet();
  written();
  for (int i = 0; i < 10; ++i) {
    push("0123456789abcdef");
    written();
  }
  CAF_CHECK(!connection->closed);
  CAF_CHECK_EQUAL(connection->written.size(), 11u);
}

CAF_TEST(writes what is queued before it says good - bye) {
  greet();
  push("a");
  close(close_code::going_away);
  CAF_CHECK(!connection->closed);
  written();
  CAF_CHECK(!connection->closed);
  written();
  CAF_REQUIRE(connection->closed);
  CAF_CHECK_EQUAL(connection->closed->code, close_code::going_away);
  CAF_CHECK_EQUAL(connection->written, (test::texts{"连接成功!", "a"}));
}

CAF_TEST(greets before pushes even when it ends before it was reachable) {
  push("a");
  close(close_code::going_away);
  written();
  written();
  CAF_CHECK_EQUAL(connection->written, (test::texts{"连接成功!", "a"}));
  CAF_CHECK(connection->closed.has_value());
}

CAF_TEST(takes pushes until it says good - bye and counts the later ones) {
  greet();
  close(close_code::going_away);
  push("a");
  written();
  written();
  CAF_CHECK_EQUAL(connection->written, (test::texts{"连接成功!", "a"}));
  CAF_CHECK(connection->closed.has_value());
  push("b");
  anon_send(aut, gone_atom_v);
  run();
  CAF_CHECK_EQUAL(connection->written.size(), 2u);
  CAF_CHECK_EQUAL(figure(registry, "dropped_frames"), 1u);
}

CAF_TEST(counts what a lost connection leaves unwritten) {
  greet();
  push("a");
  push("b");
  anon_send(aut, gone_atom_v);
  run();
  CAF_CHECK_EQUAL(figure(registry, "dropped_frames"), 3u);
}

CAF_TEST(keeps the first reason for its end) {
  greet();
  close(close_code::replaced);
  close(close_code::going_away);
  written();
  CAF_REQUIRE(connection->closed);
  CAF_CHECK_EQUAL(connection->closed->code, close_code::replaced);
}

CAF_TEST(ends with its socket) {
  inject((gone_atom), from(self).to(aut).with(gone_atom_v));
  CAF_CHECK(!is_up());
}

CAF_TEST(sends back what the client sent if nobody takes it) {
  greet();
  written();
  inject((receive_atom, payload),
         from(self).to(aut).with(receive_atom_v, make_text("hello")));
  CAF_CHECK_EQUAL(connection->written, (test::texts{"连接成功!", "hello"}));
}

CAF_TEST_FIXTURE_SCOPE_END()
