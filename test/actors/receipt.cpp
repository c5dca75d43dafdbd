#define CAF_SUITE receipt

#include "actors/receipt.hpp"

#include "test/actors/asking.hpp"

namespace receipt_suite {

using namespace waybill;
using namespace std::chrono_literals;

namespace {

const auto id456 = push_address::id("456");

struct receipt_fixture : test::asking_fixture<receipt_actor, outcome> {
  void start(receipt_level want, bool kept = false, const std::string& key = "",
             std::chrono::milliseconds wait = 1s) {
    push push{"p", make_text("a")};
    push.want = want;
    if (want != receipt_level::routed)
      push.reply_to = "n1";
    push.ttl = std::chrono::milliseconds{kept ? 1000 : 0};
    push.wait = wait;
    push.key = key;
    ask(spawn<receipt>(bus, id456, std::move(push)));
  }

  /// Lets the bus answer with the number of nodes it sent the push to.
  void published(uint64_t nodes, bool kept = false,
                 const std::string& id = "p") {
    outcome outcome{id, receipt_level::received, kept};
    outcome.counts.nodes = nodes;
    publishing().deliver(std::move(outcome));
    settle();
  }

  void failed(errc code) {
    publishing().deliver(caf::error{code});
    settle();
  }

  test::pending_push publishing() {
    return take(deref<test::fake_bus>(bus).publishing);
  }

  void add_report(const std::string& node, report::content_type content) {
    asking_fixture::add_report("p", node, std::move(content));
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(receipt_tests, receipt_fixture)

CAF_TEST(ends when every session of every node has reached the level) {
  start(receipt_level::received);
  published(2);
  add_report("n1", delivery_counts{1, 2, 0, 0, 0});
  add_report("n1", delivery_counts{0, 0, 2, 1, 0});
  add_report("n2", delivery_counts{1, 1, 1, 1, 0});
  CAF_CHECK(!is_answered());
  add_report("n1", delivery_counts{0, 0, 0, 1, 0});
  auto x = answer();
  CAF_CHECK(x.counts == (delivery_counts{2, 3, 3, 3, 0}));
  CAF_CHECK_EQUAL(x.unknown, 0u);
  CAF_CHECK_EQUAL(bus_requests(),
                  (test::texts{"await p", "publish id:456", "forget p"}));
}

CAF_TEST(waits for the requested level only) {
  start(receipt_level::written);
  published(1);
  add_report("n1", delivery_counts{1, 1, 0, 0, 0});
  CAF_CHECK(!is_answered());
  add_report("n1", delivery_counts{0, 0, 1, 0, 0});
  CAF_CHECK(answer().counts == (delivery_counts{1, 1, 1, 0, 0}));
}

CAF_TEST(a report may arrive before the response of the bus) {
  start(receipt_level::written);
  add_report("n1", delivery_counts{1, 1, 1, 0, 0});
  CAF_CHECK(!is_answered());
  published(1);
  CAF_CHECK(answer().counts == (delivery_counts{1, 1, 1, 0, 0}));
}

CAF_TEST(a session that ended is complete but no success) {
  start(receipt_level::received);
  published(1);
  add_report("n1", delivery_counts{1, 2, 2, 1, 0});
  add_report("n1", delivery_counts{0, 0, 0, 0, 1});
  CAF_CHECK(answer().counts == (delivery_counts{1, 2, 2, 1, 1}));
}

CAF_TEST(a push that reaches no node is complete at once) {
  start(receipt_level::received, true);
  published(0, true);
  auto x = answer();
  CAF_CHECK(x.kept);
  CAF_CHECK(x.counts == delivery_counts{});
}

CAF_TEST(a node that has not reported in time is unknown) {
  start(receipt_level::written);
  published(2);
  add_report("n1", delivery_counts{1, 2, 2, 0, 0});
  pass(999ms);
  CAF_CHECK(!is_answered());
  pass(1ms);
  auto x = answer();
  CAF_CHECK(x.counts == (delivery_counts{2, 2, 2, 0, 0}));
  CAF_CHECK_EQUAL(x.unknown, 1u);
}

CAF_TEST(a node with incomplete reports is probed) {
  start(receipt_level::written);
  published(2);
  add_report("n1", delivery_counts{1, 2, 1, 0, 0});
  add_report("n2", delivery_counts{1, 1, 1, 0, 0});
  pass(1s);
  CAF_CHECK_EQUAL(bus_requests().back(), "probe n1 for p");
  CAF_CHECK(!is_answered());
  CAF_MESSAGE("if it answers then its reports are final");
  add_report("n1", settled{});
  auto x = answer();
  CAF_CHECK(x.counts == (delivery_counts{2, 3, 2, 0, 0}));
  CAF_CHECK_EQUAL(x.unknown, 0u);
}

CAF_TEST(a node that does not answer its probe is unknown) {
  start(receipt_level::written);
  published(2);
  add_report("n1", delivery_counts{1, 1, 0, 0, 0});
  add_report("n2", delivery_counts{1, 1, 1, 0, 0});
  pass(1s);
  pass(299ms);
  CAF_CHECK(!is_answered());
  pass(1ms);
  CAF_CHECK_EQUAL(answer().unknown, 1u);
}

CAF_TEST(a node that cannot be probed is unknown at once) {
  deref<test::fake_bus>(bus).probed = 0;
  start(receipt_level::written);
  published(2);
  add_report("n1", delivery_counts{1, 1, 0, 0, 0});
  add_report("n2", delivery_counts{1, 1, 0, 0, 0});
  pass(1s);
  CAF_CHECK_EQUAL(answer().unknown, 2u);
}

CAF_TEST(the outcome is unknown without a response of the bus) {
  start(receipt_level::received);
  pass(1s);
  auto x = answer();
  CAF_CHECK(x.counts == delivery_counts{});
  CAF_CHECK_EQUAL(x.unknown, 1u);
}

CAF_TEST(a broken link leaves the outcome unknown but a bus away does not ) {
  start(receipt_level::received);
  failed(errc::unanswered);
  CAF_CHECK_EQUAL(answer().unknown, 1u);
  start(receipt_level::received);
  failed(errc::bus_away);
  CAF_CHECK_EQUAL(failure(), "bus_away");
}

CAF_TEST(a repeat returns the outcome of the first) {
  start(receipt_level::received, false, "k");
  failed(errc::in_flight);
  CAF_CHECK(!is_answered());
  pass(50ms);
  published(3, false, "first");
  auto x = answer();
  CAF_CHECK_EQUAL(x.push, "first");
  CAF_CHECK_EQUAL(x.counts.nodes, 3u);
  CAF_MESSAGE("and records no outcome");
  CAF_CHECK_EQUAL(bus_requests().back(), "forget p");
}

CAF_TEST(the outcome of a push with a key is recorded) {
  start(receipt_level::routed, false, "k");
  published(1);
  CAF_CHECK_EQUAL(answer().counts.nodes, 1u);
  CAF_CHECK_EQUAL(bus_requests(), (test::texts{"publish id:456", "settle k"}));
}

CAF_TEST(a repeat does not exceed its wait) {
  start(receipt_level::routed, false, "k");
  for (int i = 0; i < 28; ++i) {
    CAF_REQUIRE(!is_answered());
    failed(errc::in_flight);
    pass(50ms);
  }
  CAF_CHECK_EQUAL(answer().unknown, 1u);
}

CAF_TEST(a repeat that times out with the first returns its outcome) {
  start(receipt_level::received, false, "k");
  failed(errc::in_flight);
  pass(1s);
  CAF_CHECK(!is_answered());
  published(3, false, "first");
  CAF_CHECK_EQUAL(answer().push, "first");
}

CAF_TEST(the clock keeps it for at most a second after its response) {
  start(receipt_level::received, false, "", 1h);
  published(0);
  answer();
  auto references = [&] {
    return caf::actor_cast<caf::actor_control_block*>(aut)->strong_refs.load();
  };
  pass(1s);
  auto after_a_second = references();
  pass(1h);
  CAF_CHECK_EQUAL(references(), after_a_second);
}

CAF_TEST(waits as long as its pusher) {
  start(receipt_level::received, false, "", 3500ms);
  published(1);
  for (int i = 0; i < 34; ++i) {
    pass(100ms);
    CAF_REQUIRE(!is_answered());
  }
  pass(100ms);
  pass(300ms);
  CAF_CHECK_EQUAL(answer().unknown, 1u);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace receipt_suite
