#define CAF_SUITE spans

#include "test/fixture.hpp"

namespace spans_suite {

using namespace waybill;
using namespace std::chrono_literals;

namespace {

const auto id456 = push_address::id("456");

/// The span of a pusher.
const trace_context pusher{1, 2, 3};

struct spans_fixture : test::fixture {
  spans_fixture() {
    bus = spawn<test::fake_bus>();
    registry = spawn<waybill::registry>(bus, same_id::all);
    config.spans = spawn_mock<span_processor_actor>({
      [this](const span& x) { recorded.push_back(x); },
      [](tick_atom) {},
      [](const export_result&) {},
      [](drain_atom) { return ok_atom_v; },
      [](gone_atom) {},
    });
  }

  /// Starts a session, and greets it.
  void start() {
    session = spawn<waybill::session>(config, bus, registry, "456", connection);
    anon_send(session, greet_atom_v, true);
    settle();
    connection->room = 100;
    anon_send(session, written_atom_v);
    settle();
  }

  /// Delivers a push whose span is `pusher`.
  void deliver(push push) {
    push.context = pusher;
    anon_send(session, deliver_atom_v, id456, push);
    settle();
  }

  /// Lets a gateway take a push and answer it.
  push take(const push_address& address, std::optional<trace_context> context) {
    actor = spawn<gateway>(bus, registry, spawn<collector>(bus, registry),
                           config, "n1");
    push result{"", make_text("a")};
    result.context = context;
    auto& aut = deref<gateway>(actor);
    auto taken = aut.take(address, result);
    CAF_CHECK_EQUAL(recorded.size(), 0u);
    aut.answered(taken, 202);
    settle();
    return result;
  }

  bus_actor bus;
  registry_actor registry;
  session_config config;
  std::shared_ptr<test::fake_transport> connection
    = std::make_shared<test::fake_transport>();
  session_actor session;
  gateway_actor actor;
  std::vector<span> recorded;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(spans_tests, spans_fixture)

CAF_TEST(a push has a span from the request to the response) {
  auto before = trace_time();
  auto push = take(push_address::topic("news"), pusher);
  CAF_REQUIRE_EQUAL(recorded.size(), 1u);
  auto& span = recorded[0];
  CAF_CHECK(span.type == span::kind::push);
  CAF_CHECK_EQUAL(span.parent, pusher.span);
  CAF_CHECK(span.context == push.context);
  CAF_CHECK_EQUAL(trace_id_of(span.context), trace_id_of(pusher));
  CAF_CHECK_NOT_EQUAL(span.context.span, pusher.span);
  CAF_CHECK(before <= span.began && span.began <= span.ended);
  CAF_CHECK_EQUAL(span.address, "topic:news");
  CAF_CHECK_EQUAL(span.push, push.id);
  CAF_CHECK_EQUAL(span.status, 202);
}

CAF_TEST(a push without a trace has no span) {
  CAF_CHECK(!take(id456, std::nullopt).context);
  CAF_CHECK_EQUAL(recorded.size(), 0u);
}

CAF_TEST(a node that exports no spans hands on that of the pusher) {
  config.spans = nullptr;
  CAF_CHECK(take(id456, pusher).context == pusher);
  CAF_CHECK_EQUAL(recorded.size(), 0u);
  start();
  deliver({"p", make_text("a")});
  CAF_CHECK_EQUAL(connection->written.back(), "a");
}

CAF_TEST(a delivery has a span until the socket has taken the push) {
  start();
  connection->room = 0;
  deliver({"p", make_text("a")});
  CAF_CHECK_EQUAL(recorded.size(), 0u);
  anon_send(session, written_atom_v);
  settle();
  CAF_REQUIRE_EQUAL(recorded.size(), 1u);
  auto& span = recorded[0];
  CAF_CHECK(span.type == span::kind::deliver);
  CAF_CHECK_EQUAL(span.parent, pusher.span);
  CAF_CHECK_EQUAL(trace_id_of(span.context), trace_id_of(pusher));
  CAF_CHECK_NOT_EQUAL(span.context.span, pusher.span);
  CAF_CHECK_EQUAL(span.push, "p");
  CAF_CHECK_EQUAL(span.address, "id:456");
  CAF_CHECK_EQUAL(span.peer, "192.0.2.1:80");
  CAF_CHECK_EQUAL(span.problem, "");
}

CAF_TEST(a push that the client confirms has a span until then) {
  start();
  push push{"p", make_text("a")};
  push.want = receipt_level::received;
  push.reply_to = "n1";
  deliver(push);
  CAF_REQUIRE_EQUAL(recorded.size(), 1u);
  CAF_REQUIRE_EQUAL(connection->pings.size(), 1u);
  anon_send(session, pong_atom_v, connection->pings[0]);
  settle();
  CAF_REQUIRE_EQUAL(recorded.size(), 2u);
  auto& span = recorded[1];
  CAF_CHECK(span.type == span::kind::receive);
  CAF_CHECK_EQUAL(span.parent, recorded[0].context.span);
  CAF_CHECK_EQUAL(trace_id_of(span.context), trace_id_of(pusher));
  CAF_CHECK(recorded[0].ended <= span.began);
  CAF_CHECK(span.began <= span.ended);
}

CAF_TEST(a delivery that fails has a span that tells why) {
  start();
  connection->room = 0;
  deliver({"p", make_text("a")});
  push push{"q", make_text("b")};
  push.collapse = "key";
  deliver(push);
  push.id = "r";
  deliver(push);
  anon_send(session, gone_atom_v);
  settle();
  std::vector<std::pair<std::string, std::string>> all;
  for (auto& span : recorded)
    all.emplace_back(span.push, span.problem);
  CAF_CHECK_EQUAL(all, (std::vector<std::pair<std::string, std::string>>{
                         {"q", "superseded"}, {"p", "lost"}, {"r", "lost"}}));
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace spans_suite
