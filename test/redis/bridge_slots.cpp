#define CAF_SUITE bridge_slots

// A bridge as a part of a Redis Cluster.

#include "redis/bridge.hpp"
#include "redis/codec.hpp"
#include "test/redis/fake_client.hpp"

namespace bridge_slots_suite {

using namespace waybill;
using namespace waybill::redis;
using namespace std::chrono_literals;
using waybill::test::list_of;
using waybill::test::number_reply;
using waybill::test::text_reply;

namespace {

const auto id456 = push_address::id("456");
const auto channel456 = std::string{"waybill:{id:456}"};

/// Returns all slots, or all but that of 456.
slot_set all_slots(bool with_456 = true) {
  slot_set result;
  result.set();
  result.set(key_slot(channel456), with_456);
  return result;
}

struct bridge_slots_fixture : test::fixture {
  bridge_slots_fixture() {
    auto ptr = std::make_shared<test::fake_client>();
    redis = ptr.get();
    bridge_config config;
    config.node = "n1";
    config.instance_id = "t1";
    config.cluster = true;
    router = spawn_mock<router_actor>({
      [this](const redirected_command& x) {
        routed.push_back(x.words[0] + ": " + x.error);
        return test::one;
      },
      [this](const node_count& x) { counted = x.nodes; },
      [this](const slot_revoked& x) {
        routed.push_back("revoked: " + x.error);
      },
      [this](const bridge_retired&) { routed.push_back("retired"); },
    });
    holder = spawn_mock<registry_actor>({
      [this](lost_atom, const push_addresses& x) {
        for (auto& address : x)
          told.push_back("lost " + address.key());
      },
      [this](bus_state x) { told.push_back(to_string(x)); },
      [this](deliver_atom, const addressed_messages& x) {
        for (auto& message : x)
          told.push_back("deliver " + message.address.key());
      },
    });
    aut = spawn<bridge>(config, std::move(ptr), router);
    settle();
  }

  ~bridge_slots_fixture() override {
    router = nullptr;
    holder = nullptr;
  }

  void happen(event event) {
    events all;
    all.all.push_back(std::move(event));
    self->send(aut, std::move(all));
    settle();
  }

  void assign(slot_set slots, bool open = false, uint64_t nodes = 0) {
    self->send(aut, assignment{slots, open, nodes, false, holder});
    settle();
  }

  /// Answers the last command.
  void answer(caf::expected<reply> reply) {
    CAF_REQUIRE(!redis->waiting.empty());
    auto then = std::move(redis->waiting.back());
    redis->waiting.pop_back();
    happen(answered{std::move(then), std::move(reply)});
  }

  /// Assigns all slots, opens the link, and returns the canary.
  void make_ready(uint64_t nodes = 0) {
    assign(all_slots(), true, nodes);
    happen(link_up{7});
    auto check = std::move(redis->checks.back());
    redis->checks.clear();
    happen(answered{std::move(check),
                    list_of({text_reply(""), text_reply(""), text_reply("")})});
    for (auto channel : {"waybill", "waybill:{node:n1:0}", "waybill:{nodes}"})
      happen(subscribed{channel});
    auto canary = redis->sent.back();
    CAF_REQUIRE_EQUAL(canary[3], "waybill:{node:n1:0}");
    answer(list_of({number_reply(1), number_reply(1)}));
    happen(message{"waybill:{node:n1:0}", canary[5]});
    redis->seen.clear();
    redis->sent.clear();
    redis->waiting.clear();
    told.clear();
  }

  /// Attaches 456.
  void attach() {
    self->send(aut, attach_atom_v, id456, holder);
    settle();
    happen(subscribed{channel456});
    redis->seen.clear();
  }

  /// Lets half a second pass, and rejects the canary of that tick.
  void reject_canary(const std::string& error) {
    pass(500ms);
    CAF_REQUIRE_EQUAL(redis->sent.size(), redis->waiting.size());
    for (size_t i = 0; i < redis->sent.size(); ++i)
      if (redis->sent[i][0] == "EVALSHA")
        happen(answered{std::move(redis->waiting[i]),
                        reply{reply::kind::error, 0, error}});
    redis->sent.clear();
    redis->waiting.clear();
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

  test::fake_client* redis = nullptr;
  router_actor router;
  registry_actor holder;
  bridge_actor aut;
  test::texts told;
  test::texts routed;
  uint64_t counted = 0;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(bridge_slots_tests, bridge_slots_fixture)

CAF_TEST(a master is ready when a script has returned the canary) {
  make_ready();
  CAF_CHECK(status().state == bus_state::ready);
}

CAF_TEST(a former master is not ready although it returns canaries) {
  make_ready();
  reject_canary("MOVED 1 b:1");
  CAF_CHECK_EQUAL(routed, test::texts{"revoked: MOVED 1 b:1"});
  // The slot of its channel alone may have moved.
  CAF_CHECK(status().state == bus_state::ready);
  reject_canary("MOVED 1 b:1");
  CAF_CHECK(status().state == bus_state::away);
  CAF_CHECK_EQUAL(status().reason, "MOVED 1 b:1");
}

CAF_TEST(only the bridge with the open channel subscribes to it) {
  make_ready();
  assign(all_slots(), false);
  CAF_CHECK_EQUAL(redis->seen, test::texts{"unsubscribe waybill"});
  redis->seen.clear();
  assign(all_slots(), true);
  CAF_CHECK_EQUAL(redis->seen, test::texts{"subscribe waybill"});
}

CAF_TEST(the open channel has messages for addresses of other masters) {
  make_ready();
  happen(message{"waybill", R"({"KEY":456,"VALUE":"x"})"});
  CAF_CHECK_EQUAL(told, test::texts{"deliver id:456"});
}

CAF_TEST(an address whose slot moves is given up) {
  make_ready();
  attach();
  assign(all_slots(false), true);
  const test::texts expected{"lost id:456", "ready"};
  CAF_CHECK_EQUAL(told, expected);
  CAF_MESSAGE("but messages that still arrive are delivered");
  told.clear();
  happen(message{channel456, encode(push{"p", make_text("a")})});
  CAF_CHECK_EQUAL(told, test::texts{"deliver id:456"});
  CAF_CHECK(redis->seen.empty());
  CAF_MESSAGE("until the subscription has ended");
  pass(2s);
  CAF_CHECK_EQUAL(redis->seen, test::texts{"unsubscribe " + channel456});
  happen(unsubscribed{channel456});
  told.clear();
  happen(message{channel456, encode(push{"p", make_text("a")})});
  CAF_CHECK(told.empty());
}

CAF_TEST(an address whose subscription is revoked is attached again) {
  make_ready();
  attach();
  happen(revoked{channel456});
  const test::texts expected{"lost id:456", "ready"};
  CAF_CHECK_EQUAL(told, expected);
  CAF_CHECK_EQUAL(routed, test::texts{"revoked: "});
  // It is no longer held, so it is subscribed anew.
  self->send(aut, attach_atom_v, id456, holder);
  settle();
  CAF_CHECK_EQUAL(redis->seen, test::texts{"subscribe " + channel456});
}

CAF_TEST(a subscription that is rejected is tried where the slot is) {
  make_ready();
  auto response
    = self->request(aut, caf::infinite, attach_atom_v, id456, holder);
  settle();
  happen(revoked{channel456, true, "MOVED 14066 b:1"});
  auto failed = false;
  response.receive([](bool) {},
                   [&](caf::error& e) { failed = e == errc::bus_away; });
  CAF_CHECK(failed);
  CAF_CHECK_EQUAL(routed, test::texts{"revoked: MOVED 14066 b:1"});
  const test::texts expected{"lost id:456", "ready"};
  CAF_CHECK_EQUAL(told, expected);
  CAF_MESSAGE("but again only with the next tick: masters may be at odds");
  told.clear();
  self->send(aut, attach_atom_v, id456, holder);
  settle();
  happen(revoked{channel456, true, "MOVED 14066 b:1"});
  CAF_CHECK_EQUAL(told, test::texts{"lost id:456"});
  pass(500ms);
  CAF_CHECK_EQUAL(told, expected);
}

CAF_TEST(channels of the node are subscribed again) {
  make_ready();
  for (auto channel : {"waybill:{node:n1:0}", "waybill:{nodes}", "waybill"})
    happen(revoked{channel});
  pass(500ms);
  auto seen = redis->seen;
  std::sort(seen.begin(), seen.end());
  const test::texts expected{"subscribe waybill",
                             "subscribe waybill:{node:n1:0}",
                             "subscribe waybill:{nodes}"};
  CAF_CHECK_EQUAL(seen, expected);
}

CAF_TEST(the outcome of a push that was redirected is sent at once) {
  make_ready();
  std::vector<uint64_t> outcomes;
  auto receiver = spawn_mock<outcome_receiver_actor>({
    [&](const numbered_outcomes& all) {
      for (auto& x : all)
        outcomes.push_back(x.content->counts.nodes);
    },
  });
  self->send(aut, publish_atom_v,
             numbered_pushes{{1, id456, push{"p", make_text("a")}}}, receiver);
  settle();
  answer(reply{reply::kind::error, 0, "MOVED 14066 b:1"});
  CAF_CHECK_EQUAL(routed, test::texts{"SPUBLISH: MOVED 14066 b:1"});
  CAF_CHECK(outcomes == std::vector<uint64_t>{1});
}

CAF_TEST(nobody is not known right after a move) {
  make_ready();
  auto presence = [this] {
    std::string result;
    auto response = self->request(aut, caf::infinite, presence_atom_v, id456);
    settle();
    answer(list_of({number_reply(0), number_reply(1)}));
    response.receive([&](uint64_t x) { result = std::to_string(x); },
                     [&](caf::error& e) {
                       result
                         = e == errc::nodes_missing ? "missing" : sys.render(e);
                     });
    return result;
  };
  CAF_CHECK_EQUAL(presence(), "0");
  assign(all_slots(false), true);
  assign(all_slots(), true);
  CAF_CHECK_EQUAL(presence(), "missing");
  advance_time(2s);
  settle();
  CAF_CHECK_EQUAL(presence(), "0");
}

CAF_TEST(a new master expects the nodes of the others) {
  make_ready(2);
  auto response = self->request(aut, caf::infinite, presence_atom_v, id456);
  settle();
  advance_time(2s);
  settle();
  auto failed = false;
  for (auto& then : std::exchange(redis->waiting, {}))
    happen(
      answered{std::move(then), list_of({number_reply(0), number_reply(1)})});
  response.receive([](uint64_t) {},
                   [&](caf::error& e) { failed = e == errc::nodes_missing; });
  CAF_CHECK(failed);
}

CAF_TEST(a command of another bridge is sent as it is) {
  make_ready();
  auto response
    = self->request(aut, caf::infinite, routed_command{{"GET", "x"}, true});
  settle();
  const command asking{"ASKING"};
  const command get{"GET", "x"};
  CAF_CHECK(*(redis->sent.end() - 2) == asking);
  CAF_CHECK(redis->sent.back() == get);
  answer(reply{reply::kind::error, 0, "TRYAGAIN"});
  std::string text;
  response.receive([&](reply& x) { text = x.text; }, [](caf::error&) {});
  CAF_CHECK_EQUAL(text, "TRYAGAIN");
}

CAF_TEST(a bridge whose master has no slots ends) {
  make_ready();
  attach();
  self->monitor(aut);
  assign({});
  CAF_CHECK_EQUAL(redis->seen, test::texts{"reset"});
  happen(link_down{"its master has no slots"});
  const test::texts expected{"lost id:456", "ready"};
  CAF_CHECK_EQUAL(told, expected);
  // Whoever waits for a command that was redirected has an answer by then.
  pass(500ms);
  CAF_CHECK(routed.empty());
  pass(500ms);
  CAF_CHECK_EQUAL(routed, test::texts{"retired"});
  auto ended = false;
  self->receive([&](caf::down_msg& x) { ended = !x.reason; });
  CAF_CHECK(ended);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bridge_slots_suite
