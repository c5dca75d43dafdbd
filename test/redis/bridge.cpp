#define CAF_SUITE bridge

#include <algorithm>
#include <deque>

#include "redis/bridge.hpp"
#include "redis/codec.hpp"
#include "test/fixture.hpp"

using namespace waybill;
using namespace waybill::redis;
using namespace std::chrono_literals;

namespace {

/// A Redis that keeps what it is told, and answers when the test says so. That
/// it knows our scripts goes without saying.
struct fake_port : port {
  void start(bridge_actor) override { seen.push_back("start"); }

  void subscribe(std::vector<std::string> channels) override {
    std::sort(channels.begin(), channels.end());
    for (auto& channel : channels)
      seen.push_back("subscribe " + channel);
    batches.push_back(channels.size());
  }

  void unsubscribe(std::vector<std::string> channels) override {
    for (auto& channel : channels)
      seen.push_back("unsubscribe " + channel);
  }

  void send(command what, reply_handler then) override {
    if (what[0] == "SCRIPT")
      return;
    sent.push_back(std::move(what));
    waiting.push_back(std::move(then));
  }

  size_t backlog() const override { return queued; }

  void reset(std::string) override { seen.push_back("reset"); }

  void stop() override {}

  test::texts seen;
  std::vector<size_t> batches;
  std::deque<command> sent;
  std::deque<reply_handler> waiting;
  size_t queued = 0;
};

struct bridge_fixture : test::fixture {
  bridge_fixture() { start(0); }

  void start(size_t replicas) {
    auto ptr = std::make_shared<fake_port>();
    redis = ptr.get();
    bridge_config config;
    config.node = "n1";
    config.tag = "t1";
    config.max_body = 100;
    config.replicas = replicas;
    aut = spawn<bridge>(config, std::move(ptr));
    holder = spawn<registry>(aut, same_id::all);
    pusher = spawn<gateway>(aut, holder, session_config{}, "n1");
    settle();
  }

  void happen(event what) {
    events all;
    all.all.push_back(std::move(what));
    self->send(aut, std::move(all));
    settle();
  }

  void pass(caf::timespan time) {
    advance_time(time);
    settle();
  }

  /// Brings the link up and the canary back.
  void make_ready() {
    happen(link_up{});
    happen(subscribed{"waybill:node:n1"});
    happen(subscribed{"waybill"});
    return_canary();
  }

  /// Lets the last canary come back.
  void return_canary() {
    CAF_REQUIRE(!redis->sent.empty());
    CAF_REQUIRE_EQUAL(redis->sent.back()[1], "waybill:node:n1");
    happen(message{"waybill:node:n1", redis->sent.back()[2]});
  }

  /// Hands a reply to the last command.
  void answer(caf::expected<reply> what) {
    CAF_REQUIRE(!redis->waiting.empty());
    auto then = std::move(redis->waiting.back());
    redis->waiting.pop_back();
    happen(answered{std::move(then), std::move(what)});
  }

  session_actor join(const std::string& id) {
    auto result = spawn<test::fake_session>();
    self->send(holder, join_atom_v, push_addresses{push_address::id(id)},
               std::string{}, result);
    settle();
    return result;
  }

  void end(const session_actor& who) {
    self->send(who, gone_atom_v);
    settle();
  }

  /// Pushes, and returns where the outcome will stand.
  std::shared_ptr<std::string> publish(const std::string& id,
                                       std::chrono::milliseconds ttl = 0ms) {
    auto result = std::make_shared<std::string>();
    push what{"p1", make_text("aaaa")};
    what.ttl = ttl;
    deref<gateway>(pusher).publish(
      push_address::id(id), std::move(what),
      [this, result](const caf::expected<outcome>& x) {
        *result = x ? std::to_string(x->counts.nodes) : sys.render(x.error());
      });
    settle();
    return result;
  }

  /// Attaches an address, and returns where the answer will stand.
  std::shared_ptr<std::string> attach(const std::string& id) {
    auto result = std::make_shared<std::string>();
    auto ask = [](caf::event_based_actor* self, const bridge_actor& bus,
                  const registry_actor& who, const push_address& where,
                  std::shared_ptr<std::string> result) {
      self->request(bus, caf::infinite, attach_atom_v, where, who)
        .then([result](ok_atom) { *result = "ok"; },
              [self, result](const caf::error& why) {
                *result = self->system().render(why);
              });
    };
    sys.spawn(ask, aut, holder, push_address::id(id), result);
    settle();
    return result;
  }

  /// Reads a mailbox, and returns where the part of it will stand.
  std::shared_ptr<mailbox_page> read(const std::string& id) {
    auto result = std::make_shared<mailbox_page>();
    auto ask
      = [](caf::event_based_actor* self, const bridge_actor& bus,
           const mailbox_query& what, std::shared_ptr<mailbox_page> result) {
          self->request(bus, caf::infinite, read_atom_v, what)
            .then([result](const mailbox_page& x) { *result = x; });
        };
    reader = sys.spawn(
      ask, aut, mailbox_query{push_address::id(id), "", "", 1000}, result);
    settle();
    return result;
  }

  const test::texts& seen(const session_actor& who) {
    return deref<test::fake_session>(who).seen;
  }

  bool is_ready() {
    auto result = bus_state::away;
    deref<gateway>(pusher).state([&](bus_state state) { result = state; });
    settle();
    return result == bus_state::ready;
  }

  /// Returns what Redis was told since the last call.
  test::texts told() { return std::exchange(redis->seen, {}); }

  fake_port* redis;
  bridge_actor aut;
  registry_actor holder;
  gateway_actor pusher;
  caf::actor reader;
};

const auto two = reply{reply::kind::number, 2};

} // namespace

CAF_TEST_FIXTURE_SCOPE(bridge_tests, bridge_fixture)

CAF_TEST(is ready when all is subscribed and the canary has come back) {
  CAF_CHECK_EQUAL(told(), test::texts{"start"});
  happen(link_up{});
  CAF_CHECK_EQUAL(
    told(), (test::texts{"subscribe waybill", "subscribe waybill:node:n1"}));
  happen(subscribed{"waybill:node:n1"});
  CAF_CHECK(redis->sent.empty());
  happen(subscribed{"waybill"});
  CAF_CHECK(!is_ready());
  return_canary();
  CAF_CHECK(is_ready());
}

CAF_TEST(greets a session once its channel is subscribed) {
  make_ready();
  told();
  auto first = join("456");
  CAF_CHECK_EQUAL(told(), test::texts{"subscribe waybill:id:456"});
  CAF_CHECK_EQUAL(seen(first), test::texts{});
  happen(subscribed{"waybill:id:456"});
  CAF_CHECK_EQUAL(seen(first), test::texts{"greet"});
  end(first);
  CAF_CHECK_EQUAL(told(), test::texts{"unsubscribe waybill:id:456"});
}

CAF_TEST(brings pushes until the end of a subscription is confirmed) {
  make_ready();
  auto who = join("456");
  happen(subscribed{"waybill:id:456"});
  self->send(holder, drain_atom_v, caf::timespan{0});
  settle();
  happen(message{"waybill:id:456", encode(push{"p", make_text("a")})});
  CAF_CHECK_EQUAL(seen(who), (test::texts{"greet", "deliver a"}));
  happen(unsubscribed{"waybill:id:456"});
  CAF_CHECK_EQUAL(seen(who), (test::texts{"greet", "deliver a", "close 1001"}));
}

CAF_TEST(takes a lost link for the end of all subscriptions) {
  make_ready();
  auto who = join("456");
  self->send(holder, drain_atom_v, caf::timespan{0});
  settle();
  CAF_CHECK_EQUAL(seen(who), test::texts{});
  happen(link_down{"cut"});
  CAF_CHECK_EQUAL(seen(who), test::texts{"close 1001"});
  CAF_MESSAGE("and does not subscribe them again");
  told();
  happen(link_up{});
  CAF_CHECK_EQUAL(
    told(), (test::texts{"subscribe waybill", "subscribe waybill:node:n1"}));
}

CAF_TEST(an address may come back before it is quite given back) {
  make_ready();
  end(join("456"));
  auto second = join("456");
  happen(subscribed{"waybill:id:456"});
  happen(unsubscribed{"waybill:id:456"});
  happen(subscribed{"waybill:id:456"});
  happen(message{"waybill:id:456", encode(push{"p", make_text("a")})});
  CAF_CHECK_EQUAL(seen(second), (test::texts{"greet", "deliver a"}));
}

CAF_TEST(takes no old confirmation for a new one) {
  make_ready();
  end(join("456"));
  auto second = join("456");
  happen(subscribed{"waybill:id:456"});
  CAF_CHECK_EQUAL(seen(second), test::texts{});
  happen(subscribed{"waybill:id:456"});
  CAF_CHECK_EQUAL(seen(second), test::texts{"greet"});
}

CAF_TEST(answers each who attaches an address) {
  happen(link_up{});
  auto first = attach("456");
  auto second = attach("456");
  CAF_CHECK_EQUAL(*first, "detached");
  for (auto channel : {"waybill:node:n1", "waybill", "waybill:id:456"})
    happen(subscribed{channel});
  CAF_CHECK_EQUAL(*second, "");
  return_canary();
  CAF_CHECK_EQUAL(*second, "ok");
}

CAF_TEST(after a cut subscribes again before it is ready) {
  make_ready();
  auto first = join("456");
  happen(subscribed{"waybill:id:456"});
  happen(link_down{"cut"});
  CAF_CHECK(!is_ready());
  auto second = join("457");
  told();
  happen(link_up{});
  CAF_CHECK_EQUAL(
    told(),
    (test::texts{"subscribe waybill", "subscribe waybill:id:456",
                 "subscribe waybill:id:457", "subscribe waybill:node:n1"}));
  redis->sent.clear();
  for (auto channel : {"waybill:node:n1", "waybill", "waybill:id:456"})
    happen(subscribed{channel});
  CAF_CHECK(redis->sent.empty());
  happen(subscribed{"waybill:id:457"});
  CAF_CHECK(!is_ready());
  CAF_CHECK_EQUAL(seen(second), test::texts{});
  return_canary();
  CAF_CHECK(is_ready());
  CAF_CHECK_EQUAL(seen(second), test::texts{"greet"});
  CAF_MESSAGE("who was there before knows that pushes may have missed it");
  CAF_CHECK_EQUAL(seen(first), (test::texts{"greet", "hold", "greet"}));
  CAF_CHECK_EQUAL(figure(aut, "links_lost"), 1u);
}

CAF_TEST(subscribes many channels with few commands) {
  for (int i = 0; i < 2500; ++i)
    join(std::to_string(i));
  happen(link_up{});
  CAF_CHECK_EQUAL(redis->batches, (std::vector<size_t>{1000, 1000, 502}));
}

CAF_TEST(drops a link that is silent for three seconds) {
  make_ready();
  told();
  pass(500ms);
  return_canary();
  for (int i = 0; i < 5; ++i)
    pass(500ms);
  CAF_CHECK_EQUAL(told(), test::texts{});
  pass(500ms);
  CAF_CHECK_EQUAL(told(), test::texts{"reset"});
}

CAF_TEST(takes no canary of an earlier link for one of this) {
  make_ready();
  pass(500ms);
  auto old = redis->sent.back()[2];
  happen(link_down{"cut"});
  happen(link_up{});
  happen(subscribed{"waybill:node:n1"});
  happen(subscribed{"waybill"});
  happen(message{"waybill:node:n1", old});
  CAF_CHECK(!is_ready());
  happen(message{"waybill:node:n1", "nonsense"});
  CAF_CHECK(!is_ready());
  return_canary();
  CAF_CHECK(is_ready());
}

CAF_TEST(takes no canary of another node with its name for its own) {
  happen(link_up{});
  happen(subscribed{"waybill:node:n1"});
  happen(subscribed{"waybill"});
  CAF_CHECK_EQUAL(redis->sent.back()[2], "1 t1");
  for (auto other : {"1 t2", "1", "1 t12"})
    happen(message{"waybill:node:n1", other});
  CAF_CHECK(!is_ready());
  CAF_CHECK_EQUAL(figure(aut, "name_clashes"), 3u);
  return_canary();
  CAF_CHECK(is_ready());
  CAF_CHECK_EQUAL(figure(aut, "name_clashes"), 3u);
  CAF_MESSAGE("nor for a proof that its own link works");
  told();
  for (int i = 0; i < 6; ++i) {
    pass(500ms);
    happen(message{"waybill:node:n1", redis->sent.back()[2] + "2"});
  }
  CAF_CHECK_EQUAL(told(), test::texts{"reset"});
}

CAF_TEST(answers a push with the number of nodes that PUBLISH reached) {
  make_ready();
  auto outcome = publish("456");
  CAF_CHECK_EQUAL(redis->sent.back()[0], "PUBLISH");
  CAF_CHECK_EQUAL(redis->sent.back()[1], "waybill:id:456");
  auto sent = unbox(decode(redis->sent.back()[2]));
  CAF_CHECK_EQUAL(sent.id, "p1");
  CAF_CHECK_EQUAL(sent.body, make_text("aaaa"));
  CAF_CHECK_EQUAL(*outcome, "");
  answer(two);
  CAF_CHECK_EQUAL(*outcome, "2");
}

CAF_TEST(says of each push whether it was surely not sent) {
  auto outcome = publish("456");
  CAF_CHECK_EQUAL(*outcome, "bus_away");
  CAF_CHECK(redis->sent.empty());
  make_ready();
  outcome = publish("456");
  answer(caf::error{errc::unanswered});
  CAF_CHECK_EQUAL(*outcome, "unanswered");
  outcome = publish("456");
  answer(reply{reply::kind::error, 0, "NOPERM"});
  CAF_CHECK_EQUAL(*outcome, R"(refused("NOPERM"))");
}

CAF_TEST(brings pushes to the sessions of their address) {
  make_ready();
  auto who = join("456");
  happen(subscribed{"waybill:id:456"});
  happen(message{"waybill:id:456", encode(push{"p", make_text("a")})});
  happen(message{"waybill:id:457", encode(push{"p", make_text("b")})});
  happen(message{"waybill", R"({"KEY":456,"VALUE":"c"})"});
  happen(message{"waybill", R"({"KEY":457,"VALUE":"d"})"});
  CAF_CHECK_EQUAL(seen(who), (test::texts{"greet", "deliver a", "deliver c"}));
}

CAF_TEST(counts the gap when pushes may have missed its addresses) {
  make_ready();
  join("456");
  happen(subscribed{"waybill:id:456"});
  happen(link_down{"cut"});
  pass(300ms);
  CAF_CHECK_EQUAL(figure(aut, "gap_milliseconds"), 300u);
  pass(100ms);
  happen(link_up{});
  for (auto channel : {"waybill:node:n1", "waybill", "waybill:id:456"})
    happen(subscribed{channel});
  return_canary();
  CAF_CHECK_EQUAL(figure(aut, "gap_addresses"), 1u);
  CAF_CHECK_EQUAL(figure(aut, "gap_milliseconds"), 400u);
  CAF_MESSAGE("and no longer, when it has ended");
  pass(400ms);
  CAF_CHECK_EQUAL(figure(aut, "gap_milliseconds"), 400u);
}

CAF_TEST(is away until it is ready) {
  pass(1s);
  CAF_CHECK_EQUAL(figure(aut, "servers_away"), 1u);
  CAF_MESSAGE("which is no gap before it ever was there");
  CAF_CHECK_EQUAL(figure(aut, "gap_milliseconds"), 0u);
  make_ready();
  CAF_CHECK_EQUAL(figure(aut, "servers_away"), 0u);
  happen(link_down{"cut"});
  CAF_CHECK_EQUAL(figure(aut, "servers_away"), 1u);
}

CAF_TEST(answers for a mailbox when all that came before has been heard) {
  make_ready();
  auto page = read("456");
  CAF_CHECK_EQUAL(redis->sent.back()[0], "EVALSHA");
  auto kept = push{"p", make_text("a")};
  kept.ttl = 1s;
  answer(reply{reply::kind::list,
               0,
               "",
               {{reply::kind::text, 0, "1-0"},
                {reply::kind::number, 0},
                {reply::kind::text, 0, "1-0"},
                {reply::kind::text, 0, encode(kept)},
                {reply::kind::number, 500}}});
  CAF_CHECK_EQUAL(page->upto, "");
  return_canary();
  CAF_CHECK_EQUAL(page->upto, "1-0");
  CAF_REQUIRE_EQUAL(page->pushes.size(), 1u);
  CAF_CHECK_EQUAL(page->pushes[0].entry, "1-0");
  CAF_CHECK(page->pushes[0].ttl == 500ms);
}

CAF_TEST(sends a script itself if Redis has forgotten it) {
  make_ready();
  read("456");
  auto first = redis->sent.back();
  answer(reply{reply::kind::error, 0, "NOSCRIPT No matching script."});
  auto second = redis->sent.back();
  CAF_CHECK_EQUAL(second[0], "EVAL");
  CAF_CHECK(std::equal(first.begin() + 2, first.end(), second.begin() + 2,
                       second.end()));
}

CAF_TEST(a push is kept when as many replicas have it as should) {
  start(2);
  make_ready();
  auto sent
    = reply{reply::kind::list, 0, "", {{reply::kind::text, 0, "sent"}, two}};
  auto told = publish("456", 1s);
  answer(sent);
  CAF_CHECK_EQUAL(redis->sent.back(), (command{"WAIT", "2", "300"}));
  CAF_CHECK_EQUAL(*told, "");
  answer(two);
  CAF_CHECK_EQUAL(*told, "2");
  CAF_MESSAGE("else nobody knows whether it will be");
  told = publish("456", 1s);
  answer(sent);
  answer(reply{reply::kind::number, 1});
  CAF_CHECK_EQUAL(*told, "unanswered");
}

CAF_TEST(leaves a Redis that has become a replica) {
  make_ready();
  told();
  auto why = publish("456", 1s);
  answer(reply{reply::kind::error, 0,
               "READONLY You can't write against a read only replica."});
  CAF_CHECK_EQUAL(*why, "bus_away");
  CAF_CHECK_EQUAL(told(), test::texts{"reset"});
}

CAF_TEST(counts the pushes that Redis was sent) {
  publish("456");
  CAF_CHECK_EQUAL(figure(aut, "pushes"), 0u);
  make_ready();
  publish("456");
  publish("456", 1s);
  CAF_CHECK_EQUAL(figure(aut, "pushes"), 2u);
  push question{"p2"};
  question.what = push::purpose::inspect;
  self->send(aut, publish_atom_v, push_address::id("456"), question);
  settle();
  CAF_CHECK_EQUAL(redis->sent.back()[1], "waybill:id:456");
  CAF_CHECK_EQUAL(figure(aut, "pushes"), 2u);
}

CAF_TEST(tells a node all that came at once in one message) {
  make_ready();
  redis->sent.clear();
  auto where = push_address::id("456");
  for (auto id : {"p1", "p1", "p2"}) {
    report what{id, "n2"};
    what.counts.written = 1;
    self->send(aut, report_atom_v, where, what);
  }
  settle();
  CAF_REQUIRE_EQUAL(redis->sent.size(), 1u);
  CAF_CHECK_EQUAL(redis->sent[0][1], "waybill:node:n2");
  auto told = unbox(decode_node_message(redis->sent[0][2]));
  CAF_CHECK_EQUAL(told.node, "n1");
  CAF_REQUIRE_EQUAL(told.reports.size(), 2u);
  CAF_CHECK_EQUAL(told.reports[0].counts.written, 2u);
  CAF_CHECK_EQUAL(told.reports[1].push, "p2");
}

CAF_TEST(trims a mailbox once for all that was confirmed at once) {
  make_ready();
  redis->sent.clear();
  for (auto entry : {"5-0", "5-9"})
    self->send(aut, confirm_atom_v, push_address::id("456"),
               std::string{entry});
  settle();
  CAF_REQUIRE_EQUAL(redis->sent.size(), 1u);
  CAF_CHECK_EQUAL(redis->sent[0],
                  (command{"EVALSHA", confirm_script.sha, "2",
                           "waybill:mail:456", "waybill:due:456", "5-10"}));
}

CAF_TEST(counts what is no message between nodes) {
  make_ready();
  happen(message{"waybill:node:n1", "nonsense"});
  happen(message{"waybill:node:n1", "\x81\xa4node\xa1x"});
  CAF_CHECK_EQUAL(figure(aut, "bad_messages"), 2u);
}

CAF_TEST(buries what it does not understand on the open channel) {
  make_ready();
  auto bad = R"({"KEY":1.5,"VALUE":")" + std::string(5000, 'x') + "\"}";
  happen(message{"waybill", bad});
  CAF_CHECK_EQUAL(
    redis->sent.back(),
    (command{"XADD", "waybill:dead", "MAXLEN", "~", "10000", "*", "message",
             bad.substr(0, 4096), "reason",
             "KEY is neither an id nor an integer of 64 bits", "node", "n1"}));
  CAF_CHECK_EQUAL(figure(aut, "bad_messages"), 1u);
  happen(message{"waybill",
                 R"({"KEY":1,"VALUE":")" + std::string(101, 'x') + "\"}"});
  CAF_CHECK_EQUAL(redis->sent.back()[9], "VALUE has more than 100 bytes");
}

CAF_TEST(counts what is no push on the channel of an address) {
  make_ready();
  auto who = join("456");
  happen(subscribed{"waybill:id:456"});
  happen(message{"waybill:id:456", "nonsense"});
  CAF_CHECK_EQUAL(seen(who), test::texts{"greet"});
  CAF_CHECK_EQUAL(figure(aut, "bad_messages"), 1u);
}

CAF_TEST(publishes what clients send or counts that it could not ) {
  self->send(aut, client_message{"456", make_text("hello")});
  settle();
  CAF_CHECK_EQUAL(figure(aut, "upstream_dropped"), 1u);
  make_ready();
  self->send(aut, client_message{"456", make_text("hello")});
  settle();
  CAF_CHECK_EQUAL(redis->sent.back(),
                  (command{"PUBLISH", "waybill:upstream",
                           R"({"KEY":"456","VALUE":"hello"})"}));
  redis->queued = 100 << 20;
  self->send(aut, client_message{"456", make_text("hello")});
  settle();
  CAF_CHECK_EQUAL(figure(aut, "upstream_dropped"), 2u);
}

CAF_TEST(tells how many nodes hold an address) {
  make_ready();
  uint64_t nodes = 0;
  deref<gateway>(pusher).presence(
    push_address::id("456"),
    [&](caf::expected<uint64_t> x) { nodes = unbox(x); });
  settle();
  CAF_CHECK_EQUAL(redis->sent.back(),
                  (command{"PUBSUB", "NUMSUB", "waybill:id:456"}));
  answer(reply{
    reply::kind::list, 0, "", {{reply::kind::text, 0, "waybill:id:456"}, two}});
  CAF_CHECK_EQUAL(nodes, 2u);
}

CAF_TEST_FIXTURE_SCOPE_END()
