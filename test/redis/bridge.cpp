#define CAF_SUITE bridge

#include "redis/bridge.hpp"
#include "redis/codec.hpp"
#include "redis/digest.hpp"
#include "test/fixture.hpp"
#include "test/redis/fake_client.hpp"

namespace bridge_suite {

using namespace waybill;
using namespace waybill::redis;
using waybill::test::list_of;
using waybill::test::one;
using waybill::test::two;
using namespace std::chrono_literals;

namespace {

const auto& scripts = scripts_of(pubsub_kind::classic);

const auto subscribes_own
  = test::texts{"subscribe waybill", "subscribe waybill:{node:n1}",
                "subscribe waybill:{nodes}"};

struct bridge_fixture : test::fixture {
  bridge_fixture() { start(0); }

  void start(size_t replicas) {
    auto ptr = std::make_shared<test::fake_client>();
    redis = ptr.get();
    bridge_config config;
    config.node = "n1";
    config.instance_id = "t1";
    config.max_body = 100;
    config.replicas = replicas;
    config.began = 100;
    aut = spawn<bridge>(config, std::move(ptr));
    holder = spawn<registry>(aut, same_id::all);
    pusher = spawn_gateway(aut, holder, "n1");
    settle();
  }

  void happen(event event) {
    events all;
    all.all.push_back(std::move(event));
    self->send(aut, std::move(all));
    settle();
  }

  void pass(caf::timespan time) {
    advance_time(time);
    settle();
  }

  /// Opens the link, and returns the canary.
  void make_ready() {
    happen(link_up{7});
    finish_check("");
    subscribe_own();
    answer(one);
    return_canary();
  }

  /// Confirms the subscriptions that every bridge has.
  void subscribe_own() {
    for (auto channel : {"waybill:{node:n1}", "waybill", "waybill:{nodes}"})
      happen(subscribed{channel});
  }

  /// Replies to the last check: with an error for storing a push, or with none.
  void finish_check(const std::string& error) {
    CAF_REQUIRE(!redis->checks.empty());
    auto then = std::move(redis->checks.back());
    redis->checks.clear();
    auto text = [](const std::string& x) {
      return reply{reply::kind::text, 0, x};
    };
    if (impairment_of(error) == impairment::commands)
      happen(answered{std::move(then), reply{reply::kind::error, 0, error}});
    else
      happen(answered{std::move(then),
                      list_of({text(""), text(error), text(error)})});
  }

  /// Returns the last canary.
  void return_canary() {
    CAF_REQUIRE(!redis->sent.empty());
    CAF_REQUIRE_EQUAL(redis->sent.back()[1], "waybill:{node:n1}");
    happen(message{"waybill:{node:n1}", redis->sent.back()[2]});
  }

  /// Advances time by half a second, and replies to the check that follows.
  void finish_next_check(const std::string& error) {
    pass(500ms);
    finish_check(error);
  }

  /// Replies to the last command.
  void answer(caf::expected<reply> reply) {
    CAF_REQUIRE(!redis->waiting.empty());
    auto then = std::move(redis->waiting.back());
    redis->waiting.pop_back();
    happen(answered{std::move(then), std::move(reply)});
  }

  session_actor join(const std::string& id) {
    auto result = spawn<test::fake_session>();
    self->send(holder, join_atom_v, push_addresses{push_address::id(id)},
               std::string{}, transport_kind::websocket, result);
    settle();
    return result;
  }

  /// Joins as 456 and a topic, of which only the id is subscribed.
  session_actor join_news() {
    auto result = spawn<test::fake_session>();
    self->send(
      holder, join_atom_v,
      push_addresses{push_address::id("456"), push_address::topic("news")},
      std::string{}, transport_kind::websocket, result);
    settle();
    happen(subscribed{"waybill:{id:456}"});
    return result;
  }

  void end(const session_actor& session) {
    self->send(session, gone_atom_v);
    settle();
  }

  /// Pushes, and returns a pointer to the future outcome.
  std::shared_ptr<std::string> publish(const std::string& id,
                                       std::chrono::milliseconds ttl = 0ms) {
    auto result = std::make_shared<std::string>();
    push push{"p1", make_text("aaaa")};
    push.ttl = ttl;
    deref<gateway>(pusher).publish(
      push_address::id(id), std::move(push),
      [this, result](const caf::expected<outcome>& x) {
        *result = x ? std::to_string(x->counts.nodes) : sys.render(x.error());
      });
    settle();
    return result;
  }

  /// Attaches an address, and returns a pointer to the future answer.
  std::shared_ptr<std::string> attach(const std::string& id) {
    auto result = std::make_shared<std::string>();
    auto ask = [](caf::event_based_actor* self, const bridge_actor& bus,
                  const registry_actor& registry, const push_address& address,
                  std::shared_ptr<std::string> result) {
      self->request(bus, caf::infinite, attach_atom_v, address, registry)
        .then([result](bool) { *result = "ok"; },
              [self, result](const caf::error& why) {
                *result = self->system().render(why);
              });
    };
    sys.spawn(ask, aut, holder, push_address::id(id), result);
    settle();
    return result;
  }

  /// Reads a mailbox that has entries, and returns a pointer to the page.
  std::shared_ptr<inbox_page> read(const std::string& id) {
    auto result = std::make_shared<inbox_page>();
    auto ask
      = [](caf::event_based_actor* self, const bridge_actor& bus,
           const inbox_query& query, std::shared_ptr<inbox_page> result) {
          self->request(bus, caf::infinite, read_atom_v, query)
            .then([result](const inbox_page& x) { *result = x; });
        };
    reader = sys.spawn(ask, aut,
                       inbox_query{push_address::id(id), "", "", 1000}, result);
    settle();
    answer(one);
    return result;
  }

  const test::texts& seen(const session_actor& session) {
    return deref<test::fake_session>(session).seen;
  }

  bool is_ready() { return status().state == bus_state::ready; }

  bus_status status() {
    bus_status result;
    deref<gateway>(pusher).state([&](const bus_status& x) { result = x; });
    settle();
    return result;
  }

  /// Returns the commands since the last call.
  test::texts new_commands() { return std::exchange(redis->seen, {}); }

  test::fake_client* redis;
  bridge_actor aut;
  registry_actor holder;
  gateway_actor pusher;
  caf::actor reader;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(bridge_tests, bridge_fixture)

CAF_TEST(is ready when all is subscribed and the canary has come back) {
  CAF_CHECK_EQUAL(new_commands(), test::texts{"start"});
  happen(link_up{});
  CAF_CHECK_EQUAL(new_commands(), subscribes_own);
  happen(subscribed{"waybill:{node:n1}"});
  happen(subscribed{"waybill"});
  CAF_CHECK(redis->sent.empty());
  happen(subscribed{"waybill:{nodes}"});
  answer(one);
  finish_check("");
  CAF_CHECK(!is_ready());
  return_canary();
  CAF_CHECK(is_ready());
}

CAF_TEST(is not ready before Redis does all that is needed) {
  happen(link_up{});
  subscribe_own();
  answer(one);
  return_canary();
  CAF_CHECK(!is_ready());
  const auto loading = "LOADING Redis is loading the dataset in memory";
  finish_check(loading);
  CAF_CHECK(!is_ready());
  CAF_CHECK_EQUAL(status().reason, loading);
  pass(500ms);
  finish_check("");
  CAF_CHECK(is_ready());
}

CAF_TEST(holds its sessions back while Redis takes no commands) {
  make_ready();
  auto session = join("456");
  happen(subscribed{"waybill:{id:456}"});
  auto outcome = publish("456");
  answer(reply{reply::kind::error, 0, "BUSY Redis is busy running a script."});
  CAF_CHECK_EQUAL(*outcome,
                  R"(bus_away("BUSY Redis is busy running a script."))");
  CAF_CHECK(!is_ready());
  CAF_CHECK_EQUAL(seen(session), (test::texts{"greet", "hold"}));
  CAF_MESSAGE("and keeps the link");
  new_commands();
  for (int i = 0; i < 10; ++i)
    finish_next_check("BUSY Redis is busy running a script.");
  CAF_CHECK_EQUAL(new_commands(), test::texts{});
  finish_next_check("");
  CAF_CHECK(is_ready());
  CAF_CHECK_EQUAL(seen(session), (test::texts{"greet", "hold", "greet"}));
  CAF_CHECK_EQUAL(figure(aut, metric::links_lost), 0u);
}

CAF_TEST(goes on while Redis takes no writes) {
  make_ready();
  pass(500ms);
  finish_check("OOM command not allowed");
  CAF_CHECK_EQUAL(status(), (bus_status{bus_state::ready, true, false,
                                        "OOM command not allowed"}));
  auto outcome = publish("456");
  answer(two);
  CAF_CHECK_EQUAL(*outcome, "2");
  outcome = publish("456", 1s);
  answer(reply{reply::kind::error, 0, "OOM command not allowed"});
  CAF_CHECK_EQUAL(*outcome, R"(bus_away("OOM command not allowed"))");
}

CAF_TEST(tries few commands while Redis does all that it should) {
  make_ready();
  CAF_CHECK_EQUAL(redis->tried, "all");
  finish_next_check("");
  CAF_CHECK_EQUAL(redis->tried, "first");
  auto outcome = publish("456", 1s);
  answer(reply{reply::kind::error, 0, "NOPERM no rights to zadd"});
  finish_next_check("NOPERM no rights to zadd");
  CAF_CHECK_EQUAL(redis->tried, "all");
  CAF_CHECK_EQUAL(status().reason, "NOPERM no rights to zadd");
  finish_next_check("");
  CAF_CHECK_EQUAL(redis->tried, "all");
  CAF_CHECK_EQUAL(status().reason, "");
  finish_next_check("");
  CAF_CHECK_EQUAL(redis->tried, "first");
}

CAF_TEST(
  a push that arrived before the link was lost is delivered before that) {
  make_ready();
  auto session = join("456");
  happen(subscribed{"waybill:{id:456}"});
  events turn;
  turn.all.reserve(2);
  turn.all.emplace_back(
    message{"waybill:{id:456}", encode(push{"p", make_text("a")})});
  turn.all.emplace_back(link_down{"cut"});
  self->send(aut, std::move(turn));
  settle();
  CAF_CHECK_EQUAL(seen(session), (test::texts{"greet", "deliver a", "hold"}));
}

CAF_TEST(reads a mailbox when that is possible again) {
  make_ready();
  auto session = join("456");
  happen(subscribed{"waybill:{id:456}"});
  deref<test::fake_session>(session).ask(
    holder, inbox_query{push_address::id("456"), "", "", 1000});
  settle();
  answer(reply{reply::kind::error, 0, "NOPERM no rights"});
  CAF_CHECK_EQUAL(seen(session), test::texts{"greet"});
  finish_next_check("");
  CAF_REQUIRE_EQUAL(redis->sent.back()[0], "XLEN");
  answer(reply{reply::kind::number, 0});
  CAF_CHECK_EQUAL(seen(session), (test::texts{"greet", "page"}));
}

CAF_TEST(takes a mailbox of a wrong type for an empty one) {
  make_ready();
  auto session = join("456");
  happen(subscribed{"waybill:{id:456}"});
  deref<test::fake_session>(session).ask(
    holder, inbox_query{push_address::id("456"), "", "", 1000});
  settle();
  answer(reply{reply::kind::error, 0, "WRONGTYPE Operation against a key"});
  CAF_CHECK_EQUAL(seen(session), (test::texts{"greet", "page"}));
  CAF_CHECK_EQUAL(figure(aut, metric::unreadable_mailboxes), 1u);
}

CAF_TEST(says that nobody is there only when all nodes are) {
  make_ready();
  happen(message{"waybill:{nodes}", encode(beat{"n2", 3})});
  happen(link_down{"cut"});
  pass(1s);
  make_ready();
  auto push_to_nobody = [this](reply nodes, reply present) {
    auto result = publish("456");
    answer(reply{reply::kind::number, 0});
    CAF_CHECK_EQUAL(redis->sent.back()[1], scripts.count.sha);
    answer(list_of({std::move(nodes), std::move(present)}));
    return *result;
  };
  const auto none = reply{reply::kind::number, 0};
  CAF_CHECK_EQUAL(push_to_nobody(none, one), "nodes_missing");
  CAF_CHECK_EQUAL(push_to_nobody(none, two), "0");
  CAF_MESSAGE("and succeeds if a node receives it after all");
  CAF_CHECK_EQUAL(push_to_nobody(one, one), "1");
  CAF_MESSAGE("and is 0 once the other node has sent a beat");
  happen(message{"waybill:{nodes}", encode(beat{"n2", 3})});
  CAF_CHECK_EQUAL(push_to_nobody(none, one), "0");
  CAF_MESSAGE("but never while this node itself is not counted");
  CAF_CHECK_EQUAL(push_to_nobody(none, none), "nodes_missing");
}

CAF_TEST(tells the others each second that it is there and that it leaves) {
  make_ready();
  CAF_REQUIRE_EQUAL(redis->beats.size(), 1u);
  CAF_CHECK_EQUAL(redis->beats[0].node, "n1");
  CAF_CHECK(!redis->beats[0].missing);
  CAF_MESSAGE("and that it is missing if it loses its link");
  CAF_REQUIRE_EQUAL(redis->farewell.size(), 3u);
  CAF_CHECK_EQUAL(redis->farewell[1], "waybill:{nodes}");
  CAF_CHECK(decode_beat(redis->farewell[2]).value().missing);
  CAF_CHECK_EQUAL(redis->beats[0].client, 7u);
  auto pass_a_second = [this] {
    pass(500ms);
    pass(500ms);
  };
  pass_a_second();
  CAF_CHECK_EQUAL(redis->beats.size(), 2u);
  self->send(aut, leave_atom_v);
  pass_a_second();
  CAF_REQUIRE_EQUAL(redis->beats.size(), 3u);
  CAF_CHECK(redis->beats.back().leaving);
}

CAF_TEST(has Redis count a silent node no more) {
  make_ready();
  happen(message{"waybill:{nodes}", encode(beat{"n2", 3})});
  auto beat_once = [this] {
    pass(500ms);
    return_canary();
  };
  for (int i = 0; i < 7; ++i)
    beat_once();
  CAF_CHECK_NOT_EQUAL(redis->sent.back()[0], "CLIENT");
  beat_once();
  CAF_CHECK_EQUAL(redis->sent.back(),
                  (command{"CLIENT", "KILL", "ID", "3", "TYPE", "pubsub"}));
  answer(one);
  CAF_CHECK_EQUAL(figure(aut, metric::silent_nodes), 1u);
}

CAF_TEST(refuses pushes while its own come back late) {
  make_ready();
  for (int i = 0; i < 2; ++i) {
    pass(500ms);
    auto canary = redis->sent.back()[2];
    pass(260ms);
    happen(message{"waybill:{node:n1}", canary});
  }
  auto refused = publish("456");
  CAF_CHECK_EQUAL(*refused, "busy");
  CAF_CHECK_EQUAL(figure(aut, metric::busy_pushes), 1u);
  CAF_CHECK_EQUAL(figure(aut, metric::bus_lag_microseconds), 260'000u);
  CAF_CHECK(is_ready());
  pass(500ms);
  return_canary();
  auto taken = publish("456");
  CAF_CHECK_EQUAL(*taken, "");
}

CAF_TEST(ends at a Redis that is part of a cluster) {
  redis->info = "# Cluster\r\ncluster_enabled:1\r\n";
  caf::error reason;
  self->monitor(aut);
  happen(link_up{7});
  self->receive([&](caf::down_msg& x) { reason = std::move(x.reason); });
  CAF_CHECK(sys.render(reason).find("use redis+cluster://")
            != std::string::npos);
}

CAF_TEST(warns of a Redis that deletes mailboxes) {
  redis->info = "# Memory\r\nmaxmemory:1000\r\n"
                "maxmemory_policy:allkeys-lru\r\n";
  make_ready();
  CAF_CHECK_EQUAL(figure(aut, metric::redis_evicts), 1u);
  happen(link_down{"cut"});
  redis->info = "# Memory\r\nmaxmemory:1000\r\n"
                "maxmemory_policy:noeviction\r\n";
  make_ready();
  CAF_CHECK_EQUAL(figure(aut, metric::redis_evicts), 0u);
}

CAF_TEST(greets a session once its channel is subscribed) {
  make_ready();
  new_commands();
  auto first = join("456");
  CAF_CHECK_EQUAL(new_commands(), test::texts{"subscribe waybill:{id:456}"});
  CAF_CHECK_EQUAL(seen(first), test::texts{});
  happen(subscribed{"waybill:{id:456}"});
  CAF_CHECK_EQUAL(seen(first), test::texts{"greet"});
  end(first);
  CAF_CHECK_EQUAL(new_commands(), test::texts{"unsubscribe waybill:{id:456}"});
}

CAF_TEST(tells a session whether the mailbox of its id was empty) {
  make_ready();
  for (auto& [entries, expected] : std::vector<std::pair<reply, std::string>>{
         {reply{reply::kind::number, 0}, "greet without mail"},
         {one, "greet"},
         {reply{reply::kind::error, 0, "WRONGTYPE it is a list"}, "greet"}}) {
    redis->entries = entries;
    auto session = join("456");
    happen(subscribed{"waybill:{id:456}"});
    CAF_CHECK_EQUAL(seen(session), test::texts{expected});
    end(session);
    happen(unsubscribed{"waybill:{id:456}"});
  }
}

CAF_TEST(brings pushes until the end of a subscription is confirmed) {
  make_ready();
  auto session = join("456");
  happen(subscribed{"waybill:{id:456}"});
  self->send(holder, drain_atom_v, caf::timespan{0});
  settle();
  happen(message{"waybill:{id:456}", encode(push{"p", make_text("a")})});
  CAF_CHECK_EQUAL(seen(session), (test::texts{"greet", "deliver a"}));
  happen(unsubscribed{"waybill:{id:456}"});
  CAF_CHECK_EQUAL(seen(session),
                  (test::texts{"greet", "deliver a", "close 1001"}));
}

CAF_TEST(takes a lost link for the end of all subscriptions) {
  make_ready();
  auto session = join("456");
  self->send(holder, drain_atom_v, caf::timespan{0});
  settle();
  CAF_CHECK_EQUAL(seen(session), test::texts{});
  happen(link_down{"cut"});
  CAF_CHECK_EQUAL(seen(session), test::texts{"close 1001"});
  CAF_MESSAGE("and does not subscribe them again");
  new_commands();
  happen(link_up{});
  CAF_CHECK_EQUAL(new_commands(), subscribes_own);
}

CAF_TEST(an address may come back before it is quite given back) {
  make_ready();
  end(join("456"));
  auto second = join("456");
  happen(subscribed{"waybill:{id:456}"});
  happen(unsubscribed{"waybill:{id:456}"});
  happen(subscribed{"waybill:{id:456}"});
  happen(message{"waybill:{id:456}", encode(push{"p", make_text("a")})});
  CAF_CHECK_EQUAL(seen(second), (test::texts{"greet", "deliver a"}));
}

CAF_TEST(takes no old confirmation for a new one) {
  make_ready();
  end(join("456"));
  auto second = join("456");
  happen(subscribed{"waybill:{id:456}"});
  CAF_CHECK_EQUAL(seen(second), test::texts{});
  happen(subscribed{"waybill:{id:456}"});
  CAF_CHECK_EQUAL(seen(second), test::texts{"greet"});
}

CAF_TEST(answers each who attaches an address) {
  happen(link_up{});
  auto first = attach("456");
  auto second = attach("456");
  CAF_CHECK_EQUAL(*first, "detached");
  happen(subscribed{"waybill:{id:456}"});
  subscribe_own();
  answer(one);
  finish_check("");
  CAF_CHECK_EQUAL(*second, "");
  return_canary();
  CAF_CHECK_EQUAL(*second, "ok");
}

CAF_TEST(after a cut subscribes again before it is ready) {
  make_ready();
  auto first = join("456");
  happen(subscribed{"waybill:{id:456}"});
  happen(link_down{"cut"});
  CAF_CHECK(!is_ready());
  auto second = join("457");
  new_commands();
  happen(link_up{});
  CAF_CHECK_EQUAL(
    new_commands(),
    (test::texts{"subscribe waybill", "subscribe waybill:{id:456}",
                 "subscribe waybill:{id:457}", "subscribe waybill:{node:n1}",
                 "subscribe waybill:{nodes}"}));
  redis->sent.clear();
  finish_check("");
  happen(subscribed{"waybill:{id:456}"});
  subscribe_own();
  CAF_CHECK(redis->sent.empty());
  happen(subscribed{"waybill:{id:457}"});
  CAF_CHECK(!is_ready());
  CAF_CHECK_EQUAL(seen(second), test::texts{});
  return_canary();
  CAF_CHECK(is_ready());
  CAF_CHECK_EQUAL(seen(second), test::texts{"greet"});
  CAF_MESSAGE("an earlier session knows that it may have missed pushes");
  CAF_CHECK_EQUAL(seen(first), (test::texts{"greet", "hold", "greet"}));
  CAF_CHECK_EQUAL(figure(aut, metric::links_lost), 1u);
}

CAF_TEST(subscribes many channels with few commands) {
  for (int i = 0; i < 2500; ++i)
    join(std::to_string(i));
  happen(link_up{});
  CAF_CHECK_EQUAL(redis->batches, (std::vector<size_t>{1000, 1000, 502}));
}

CAF_TEST(drops a link that is silent for three seconds) {
  make_ready();
  new_commands();
  pass(500ms);
  return_canary();
  for (int i = 0; i < 5; ++i)
    pass(500ms);
  CAF_CHECK_EQUAL(new_commands(), test::texts{});
  pass(500ms);
  CAF_CHECK_EQUAL(new_commands(), test::texts{"abandon"});
}

CAF_TEST(keeps its link when it stood still itself) {
  make_ready();
  new_commands();
  pass(10s);
  CAF_CHECK(std::ranges::count(new_commands(), "abandon") == 0);
  return_canary();
  CAF_CHECK(is_ready());
}

CAF_TEST(keeps a link that is behind while bytes arrive) {
  make_ready();
  new_commands();
  redis->is_active = true;
  for (int i = 0; i < 58; ++i) {
    pass(500ms);
    answer(one);
  }
  CAF_CHECK_EQUAL(new_commands(), test::texts{});
  CAF_MESSAGE("and refuses pushes meanwhile");
  auto refused = publish("456");
  CAF_CHECK_EQUAL(*refused, "busy");
  pass(1s);
  CAF_CHECK_EQUAL(new_commands(), test::texts{"abandon"});
}

CAF_TEST(drops a link that takes no commands though bytes arrive) {
  make_ready();
  new_commands();
  redis->is_active = true;
  for (int i = 0; i < 5; ++i) {
    pass(500ms);
    answer(reply{reply::kind::number, 0});
  }
  CAF_CHECK_EQUAL(new_commands(), test::texts{});
  pass(500ms);
  CAF_CHECK_EQUAL(new_commands(), test::texts{"abandon"});
}

CAF_TEST(takes no canary of an earlier link for one of this) {
  make_ready();
  pass(500ms);
  auto old = redis->sent.back()[2];
  happen(link_down{"cut"});
  happen(link_up{});
  finish_check("");
  subscribe_own();
  happen(message{"waybill:{node:n1}", old});
  CAF_CHECK(!is_ready());
  happen(message{"waybill:{node:n1}", "nonsense"});
  CAF_CHECK(!is_ready());
  return_canary();
  CAF_CHECK(is_ready());
}

CAF_TEST(takes no canary of another node with its name for its own) {
  happen(link_up{});
  finish_check("");
  subscribe_own();
  answer(one);
  CAF_CHECK_EQUAL(redis->sent.back()[2], "1 t1 100");
  for (auto other : {"1 t2 100", "1 t2 101", "1 t12 200"})
    happen(message{"waybill:{node:n1}", other});
  CAF_CHECK(!is_ready());
  CAF_CHECK_EQUAL(figure(aut, metric::name_clashes), 3u);
  return_canary();
  CAF_CHECK(is_ready());
  CAF_CHECK_EQUAL(figure(aut, metric::name_clashes), 3u);
  CAF_MESSAGE("nor for a proof that its own link works");
  new_commands();
  for (int i = 0; i < 6; ++i) {
    pass(500ms);
    happen(message{"waybill:{node:n1}", std::to_string(i + 2) + " t12 200"});
  }
  CAF_CHECK_EQUAL(new_commands(), test::texts{"abandon"});
}

CAF_TEST(steps back while an older node has its name) {
  make_ready();
  happen(message{"waybill:{node:n1}", "5 t0 99"});
  CAF_CHECK(!is_ready());
  CAF_CHECK_EQUAL(status().reason, R"(another node is called "n1", too)");
  for (int i = 0; i < 6; ++i) {
    CAF_CHECK(!is_ready());
    pass(500ms);
    return_canary();
  }
  CAF_CHECK(is_ready());
}

CAF_TEST(waits at its start for others of its name) {
  happen(link_up{});
  finish_check("");
  subscribe_own();
  answer(two);
  return_canary();
  CAF_CHECK(!is_ready());
  pass(1s);
  CAF_CHECK(!is_ready());
  pass(500ms);
  CAF_CHECK(is_ready());
}

CAF_TEST(answers a push with the number of nodes that PUBLISH reached) {
  make_ready();
  auto outcome = publish("456");
  CAF_CHECK_EQUAL(redis->sent.back()[0], "PUBLISH");
  CAF_CHECK_EQUAL(redis->sent.back()[1], "waybill:{id:456}");
  auto sent = std::get<push>(unbox(decode(redis->sent.back()[2])));
  CAF_CHECK_EQUAL(sent.id, "p1");
  CAF_CHECK_EQUAL(sent.body, make_text("aaaa"));
  CAF_CHECK_EQUAL(*outcome, "");
  answer(two);
  CAF_CHECK_EQUAL(*outcome, "2");
}

CAF_TEST(says of each push whether it was surely not sent) {
  auto outcome = publish("456");
  CAF_CHECK_EQUAL(*outcome, R"(bus_away("Redis was not reached yet"))");
  CAF_CHECK(redis->sent.empty());
  make_ready();
  outcome = publish("456");
  answer(caf::error{errc::unanswered});
  CAF_CHECK_EQUAL(*outcome, "unanswered");
  outcome = publish("456");
  answer(reply{reply::kind::error, 0, "WRONGTYPE"});
  CAF_CHECK_EQUAL(*outcome, R"(refused("WRONGTYPE"))");
}

CAF_TEST(brings pushes to the sessions of their address) {
  make_ready();
  auto session = join("456");
  happen(subscribed{"waybill:{id:456}"});
  happen(message{"waybill:{id:456}", encode(push{"p", make_text("a")})});
  happen(message{"waybill:{id:457}", encode(push{"p", make_text("b")})});
  happen(message{"waybill", R"({"KEY":456,"VALUE":"c"})"});
  happen(message{"waybill", R"({"KEY":457,"VALUE":"d"})"});
  CAF_CHECK_EQUAL(seen(session),
                  (test::texts{"greet", "deliver a", "deliver c"}));
}

CAF_TEST(brings kicks and claims and queries to the registry) {
  make_ready();
  auto session = join("456");
  happen(subscribed{"waybill:{id:456}"});
  redis->sent.clear();
  happen(message{"waybill:{id:456}",
                 encode(query{query::kind::sessions, "", "q", "n2"})});
  CAF_REQUIRE_EQUAL(redis->sent.size(), 1u);
  CAF_CHECK_EQUAL(redis->sent[0][1], "waybill:{node:n2}");
  auto told = unbox(decode_node_message(redis->sent[0][2]));
  CAF_REQUIRE_EQUAL(told.reports.size(), 1u);
  CAF_CHECK_EQUAL(told.reports[0].push, "q");
  CAF_CHECK(std::get<session_list>(told.reports[0].content).total == 1u);
  happen(message{"waybill:{id:456}",
                 encode_claim() + std::string("\xcf\0\0\0\0\0\0\0\1", 9)});
  CAF_CHECK_EQUAL(seen(session), test::texts{"greet"});
  happen(message{"waybill:{id:456}", encode(kick{"k"})});
  CAF_CHECK_EQUAL(seen(session), (test::texts{"greet", "close 4500"}));
}

CAF_TEST(counts the gap when pushes may have missed its addresses) {
  make_ready();
  join("456");
  happen(subscribed{"waybill:{id:456}"});
  happen(link_down{"cut"});
  pass(300ms);
  CAF_CHECK_EQUAL(figure(aut, metric::gap_milliseconds), 300u);
  pass(100ms);
  happen(link_up{});
  finish_check("");
  happen(subscribed{"waybill:{id:456}"});
  subscribe_own();
  return_canary();
  CAF_CHECK_EQUAL(figure(aut, metric::gap_addresses), 1u);
  CAF_CHECK_EQUAL(figure(aut, metric::gap_milliseconds), 400u);
  CAF_MESSAGE("and no longer after its end");
  pass(400ms);
  CAF_CHECK_EQUAL(figure(aut, metric::gap_milliseconds), 400u);
}

CAF_TEST(is away until it is ready) {
  pass(1s);
  CAF_CHECK_EQUAL(figure(aut, metric::servers_away), 1u);
  CAF_MESSAGE("which is no outage before the first connect");
  CAF_CHECK_EQUAL(figure(aut, metric::gap_milliseconds), 0u);
  make_ready();
  CAF_CHECK_EQUAL(figure(aut, metric::servers_away), 0u);
  happen(link_down{"cut"});
  CAF_CHECK_EQUAL(figure(aut, metric::servers_away), 1u);
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

CAF_TEST(an entry that cannot be read costs its mailbox nothing else) {
  make_ready();
  auto page = read("456");
  auto entry = [](const std::string& name, const std::string& message) {
    return std::vector<reply>{{reply::kind::text, 0, name},
                              {reply::kind::text, 0, message},
                              {reply::kind::number, 500}};
  };
  auto kept = push{"p", make_text("a")};
  kept.ttl = 1s;
  std::vector<reply> items{{reply::kind::text, 0, "4-0"},
                           {reply::kind::number, 0}};
  for (auto& part : {entry("1-0", "nonsense"), entry("2-0", encode(kept)),
                     entry("3-0", "\x82\xa4kind\xa4kick\xa5"
                                  "entry"),
                     entry("4-0", "\x82\xa4kind\xa5newer\xa5"
                                  "entry")})
    items.insert(items.end(), part.begin(), part.end());
  items.insert(items.end(), {{reply::kind::text, 0, "5-0"},
                             {reply::kind::text, 0, "expiry soon"},
                             {reply::kind::number, -1}});
  redis->sent.clear();
  answer(reply{reply::kind::list, 0, "", items});
  test::texts reasons;
  for (auto& words : redis->sent)
    if (words[1] == scripts.dead_letter.sha) {
      CAF_CHECK_EQUAL(words.back(), "waybill:mail:{id:456}");
      reasons.push_back(words[11]);
    }
  CAF_CHECK_EQUAL(
    reasons, (test::texts{"not a push", "a message that is not for clients",
                          "a message of another kind",
                          "an entry without a message or an expiry"}));
  CAF_CHECK_EQUAL(figure(aut, metric::bad_messages), 4u);
  return_canary();
  CAF_CHECK_EQUAL(test::texts_of(*page), test::texts{"a"});
  CAF_MESSAGE("a page without readable entries is skipped");
  page = read("457");
  answer(reply{reply::kind::list,
               0,
               "",
               {{reply::kind::text, 0, "9-0"},
                {reply::kind::number, 1},
                {reply::kind::text, 0, "8-0"},
                {reply::kind::text, 0, "nonsense"},
                {reply::kind::number, 500}}});
  CAF_REQUIRE_EQUAL(redis->sent.back()[1], scripts.read.sha);
  CAF_CHECK_EQUAL(redis->sent.back()[5], "8-0");
  CAF_CHECK_EQUAL(redis->sent.back()[6], "9-0");
}

CAF_TEST(runs a script again if Redis had forgotten it) {
  make_ready();
  read("456");
  auto first = redis->sent.back();
  redis->sent.clear();
  redis->loaded.clear();
  answer(reply{reply::kind::error, 0, "NOSCRIPT No matching script."});
  CAF_CHECK_EQUAL(redis->loaded, test::texts{scripts.read.text});
  CAF_REQUIRE_EQUAL(redis->sent.size(), 1u);
  CAF_CHECK_EQUAL(redis->sent.back(), first);
}

CAF_TEST(a push is kept when as many replicas have it as should) {
  start(2);
  make_ready();
  new_commands();
  auto sent = list_of({{reply::kind::text, 0, "sent"}, two, one});
  auto outcome = publish("456", 1s);
  answer(sent);
  CAF_CHECK_EQUAL(new_commands(), test::texts{"await 2"});
  CAF_CHECK_EQUAL(*outcome, "");
  answer(two);
  CAF_CHECK_EQUAL(*outcome, "2");
  CAF_MESSAGE("otherwise the result is unknown");
  outcome = publish("456", 1s);
  answer(sent);
  answer(one);
  CAF_CHECK_EQUAL(*outcome, "unanswered");
}

CAF_TEST(leaves a Redis that has become a replica) {
  make_ready();
  new_commands();
  auto why = publish("456", 1s);
  answer(reply{reply::kind::error, 0,
               "READONLY You can't write against a read only replica."});
  CAF_CHECK_EQUAL(*why, R"(bus_away("READONLY You can't write against a read )"
                        R"(only replica."))");
  CAF_CHECK_EQUAL(new_commands(), test::texts{"reset"});
}

CAF_TEST(counts the pushes that Redis was sent) {
  publish("456");
  CAF_CHECK_EQUAL(figure(aut, metric::pushes), 0u);
  make_ready();
  publish("456");
  publish("456", 1s);
  CAF_CHECK_EQUAL(figure(aut, metric::pushes), 2u);
  CAF_MESSAGE("and not the kicks and queries");
  deref<gateway>(pusher).kick(push_address::id("456"), [](const auto&) {});
  settle();
  CAF_CHECK_EQUAL(redis->sent.back()[1], "waybill:{id:456}");
  deref<gateway>(pusher).query(push_address::id("457"), {query::kind::sessions},
                               1s, [](const auto&) {});
  settle();
  CAF_CHECK_EQUAL(redis->sent.back()[1], "waybill:{id:457}");
  CAF_CHECK_EQUAL(figure(aut, metric::pushes), 2u);
}

CAF_TEST(tells a node all that came at once in one message) {
  make_ready();
  redis->sent.clear();
  auto address = push_address::id("456");
  for (auto id : {"p1", "p1", "p2"}) {
    self->send(aut, report_atom_v, address,
               report{id, "n2", delivery_counts{0, 0, 1}});
  }
  settle();
  CAF_REQUIRE_EQUAL(redis->sent.size(), 1u);
  CAF_CHECK_EQUAL(redis->sent[0][1], "waybill:{node:n2}");
  auto sent = unbox(decode_node_message(redis->sent[0][2]));
  CAF_CHECK_EQUAL(sent.node, "n1");
  CAF_REQUIRE_EQUAL(sent.reports.size(), 2u);
  CAF_CHECK_EQUAL(std::get<delivery_counts>(sent.reports[0].content).written,
                  2u);
  CAF_CHECK_EQUAL(sent.reports[1].push, "p2");
}

CAF_TEST(trims a mailbox once for all that was confirmed at once) {
  make_ready();
  redis->sent.clear();
  for (auto entry : {"5-0", "5-9"})
    self->send(aut, confirm_atom_v, push_address::id("456"),
               std::string{entry});
  settle();
  CAF_REQUIRE_EQUAL(redis->sent.size(), 1u);
  CAF_CHECK_EQUAL(redis->sent[0], (command{"EVALSHA", scripts.confirm.sha, "2",
                                           "waybill:mail:{id:456}",
                                           "waybill:due:{id:456}", "5-10"}));
}

CAF_TEST(counts what is no message between nodes) {
  make_ready();
  happen(message{"waybill:{node:n1}", "nonsense"});
  happen(message{"waybill:{node:n1}", "\x81\xa4node\xa1x"});
  CAF_CHECK_EQUAL(figure(aut, metric::bad_messages), 2u);
}

CAF_TEST(buries what it does not understand on the open channel) {
  make_ready();
  auto bad = R"({"KEY":1.5,"VALUE":")" + std::string(5000, 'x') + "\"}";
  happen(message{"waybill", bad});
  CAF_CHECK_EQUAL(
    redis->sent.back(),
    (command{"EVALSHA", scripts.dead_letter.sha, "2", "waybill:dead",
             "{waybill:dead}:" + sha1(bad), "n1", "60000", "10000", "message",
             bad.substr(0, 4096), "reason",
             "KEY is neither an id nor an integer of 64 bits", "node", "n1"}));
  CAF_CHECK_EQUAL(figure(aut, metric::bad_messages), 1u);
  happen(message{"waybill",
                 R"({"KEY":1,"VALUE":")" + std::string(101, 'x') + "\"}"});
  CAF_CHECK_EQUAL(redis->sent.back()[11], "VALUE has more than 100 bytes");
}

CAF_TEST(counts what only another release understands) {
  make_ready();
  auto session = join("456");
  happen(subscribed{"waybill:{id:456}"});
  auto newer = "\x82\xa4kind\xa5newer\xa4text\xa1x";
  happen(message{"waybill:{id:456}", newer});
  happen(message{"waybill:{node:n1}", newer});
  CAF_CHECK_EQUAL(seen(session), test::texts{"greet"});
  CAF_CHECK_EQUAL(figure(aut, metric::unknown_kinds), 2u);
  CAF_CHECK_EQUAL(figure(aut, metric::bad_messages), 0u);
}

CAF_TEST(counts what is no push on the channel of an address) {
  make_ready();
  auto session = join("456");
  happen(subscribed{"waybill:{id:456}"});
  happen(message{"waybill:{id:456}", "nonsense"});
  CAF_CHECK_EQUAL(seen(session), test::texts{"greet"});
  CAF_CHECK_EQUAL(figure(aut, metric::bad_messages), 1u);
}

CAF_TEST(publishes what clients send or counts that it could not ) {
  self->send(aut, client_message{"456", make_text("hello")});
  settle();
  CAF_CHECK_EQUAL(figure(aut, metric::upstream_dropped), 1u);
  make_ready();
  self->send(aut, client_message{"456", make_text("hello")});
  settle();
  CAF_CHECK_EQUAL(redis->sent.back(),
                  (command{"PUBLISH", "waybill:upstream",
                           R"({"KEY":"456","VALUE":"hello"})"}));
  redis->queued = 100 << 20;
  self->send(aut, client_message{"456", make_text("hello")});
  settle();
  CAF_CHECK_EQUAL(figure(aut, metric::upstream_dropped), 2u);
}

CAF_TEST(tells how many nodes hold an address) {
  make_ready();
  uint64_t nodes = 0;
  deref<gateway>(pusher).presence(
    push_address::id("456"),
    [&](caf::expected<uint64_t> x) { nodes = unbox(x); });
  settle();
  CAF_CHECK_EQUAL(
    redis->sent.back(),
    (command{"PUBSUB", "NUMSUB", "waybill:{id:456}", "waybill:{nodes}"}));
  answer(list_of({{reply::kind::text, 0, "waybill:{id:456}"},
                  two,
                  {reply::kind::text, 0, "waybill:{nodes}"},
                  two}));
  CAF_CHECK_EQUAL(nodes, 2u);
}

CAF_TEST(an id is attached with the topics that are kept for it) {
  make_ready();
  redis->kept.reset();
  auto session = join("456");
  happen(subscribed{"waybill:{id:456}"});
  CAF_CHECK_EQUAL(redis->sent.back()[0], "ZRANGE");
  CAF_CHECK(seen(session).empty());
  auto text = [](const std::string& x) {
    return reply{reply::kind::text, 0, x};
  };
  answer(list_of({text("news"), text("1001000")}));
  answer(list_of({text("1000"), text("0")}));
  CAF_CHECK(seen(session).empty());
  CAF_CHECK_EQUAL(redis->seen.back(), "subscribe waybill:{topic:news}");
  happen(subscribed{"waybill:{topic:news}"});
  CAF_CHECK(seen(session).empty());
  CAF_MESSAGE("the topic has no last value");
  answer(reply{});
  CAF_CHECK_EQUAL(seen(session), test::texts{"greet"});
}

CAF_TEST(a topic that was removed since it was read is left) {
  make_ready();
  redis->kept.reset();
  auto session = join("456");
  happen(subscribed{"waybill:{id:456}"});
  happen(message{"waybill:{id:456}",
                 encode(query{query::kind::unsubscribe, "news", "q", "n2"})});
  auto text = [](const std::string& x) {
    return reply{reply::kind::text, 0, x};
  };
  answer(list_of({text("news"), text("1001000")}));
  answer(list_of({text("1000"), text("0")}));
  CAF_CHECK(std::count(redis->seen.begin(), redis->seen.end(),
                       "unsubscribe waybill:{topic:news}")
            == 1);
}

CAF_TEST(an id whose topics cannot be read is attached by the next attempt) {
  make_ready();
  redis->kept.reset();
  auto session = join("456");
  happen(subscribed{"waybill:{id:456}"});
  answer(caf::error{errc::bus_away});
  CAF_CHECK(seen(session).empty());
  redis->kept = list_of({});
  self->send(holder, bus_state::ready);
  settle();
  CAF_CHECK_EQUAL(seen(session), test::texts{"greet"});
}

CAF_TEST(topics under a key of another type keep no session waiting) {
  make_ready();
  redis->kept = reply{reply::kind::error, 0, "WRONGTYPE Operation"};
  auto session = join("456");
  happen(subscribed{"waybill:{id:456}"});
  CAF_CHECK_EQUAL(seen(session), test::texts{"greet"});
  CAF_CHECK_EQUAL(figure(aut, metric::bad_messages), 1u);
}

CAF_TEST(topics that were asked for before a session left are ignored) {
  make_ready();
  redis->kept.reset();
  end(join("456"));
  auto session = join("456");
  happen(subscribed{"waybill:{id:456}"});
  CAF_CHECK(redis->sent.empty() || redis->sent.back()[0] != "ZRANGE");
  happen(unsubscribed{"waybill:{id:456}"});
  happen(subscribed{"waybill:{id:456}"});
  answer(list_of({}));
  CAF_CHECK_EQUAL(seen(session), test::texts{"greet"});
}

CAF_TEST(a topic is attached with its last value before later pushes) {
  make_ready();
  auto session = join_news();
  auto push_of = [](const std::string& id) {
    push result{id, make_text(id)};
    result.retain = 10s;
    return result;
  };
  auto read = [&](const std::string& id) {
    answer(reply{reply::kind::text, 0, encode(push_of(id))});
    answer(reply{reply::kind::number, 10'000});
  };
  happen(subscribed{"waybill:{topic:news}"});
  happen(message{"waybill:{topic:news}", encode(push_of("b"))});
  CAF_CHECK_EQUAL(redis->sent.back()[0], "GET");
  read("a");
  CAF_MESSAGE("pushes from before it was read may still be on their way");
  happen(message{"waybill:{topic:news}", encode(push_of("c"))});
  CAF_CHECK_EQUAL(seen(session), test::texts{});
  return_canary();
  CAF_CHECK_EQUAL(seen(session), (test::texts{"greet", "deliver topic:news a",
                                              "deliver b", "deliver c"}));
}

CAF_TEST(
  a topic that is joined again gets nothing of its earlier subscription) {
  make_ready();
  const std::string news = "waybill:{topic:news}";
  auto push_of = [](const std::string& id) {
    push result{id, make_text(id)};
    result.retain = 10s;
    return encode(result);
  };
  auto first = join_news();
  happen(subscribed{news});
  answer(reply{});
  CAF_CHECK_EQUAL(seen(first), test::texts{"greet"});
  end(first);
  auto second = join_news();
  happen(message{news, push_of("a")});
  CAF_CHECK_EQUAL(seen(second), test::texts{});
  happen(unsubscribed{news});
  happen(subscribed{news});
  answer(reply{reply::kind::text, 0, push_of("c")});
  answer(reply{reply::kind::number, 10'000});
  return_canary();
  happen(message{news, push_of("d")});
  CAF_CHECK_EQUAL(seen(second),
                  (test::texts{"greet", "deliver topic:news c", "deliver d"}));
}

CAF_TEST(a last value that has also arrived is delivered once) {
  make_ready();
  auto session = join_news();
  happen(subscribed{"waybill:{topic:news}"});
  push value{"a", make_text("a")};
  value.retain = 10s;
  answer(reply{reply::kind::text, 0, encode(value)});
  answer(reply{reply::kind::number, 10'000});
  happen(message{"waybill:{topic:news}", encode(value)});
  return_canary();
  CAF_CHECK_EQUAL(seen(session), (test::texts{"greet", "deliver a"}));
}

CAF_TEST(pushes to a topic wait for its value no longer than the link) {
  make_ready();
  auto session = join_news();
  happen(subscribed{"waybill:{topic:news}"});
  happen(message{"waybill:{topic:news}", encode(push{"a", make_text("a")})});
  CAF_CHECK_EQUAL(seen(session), test::texts{});
  happen(link_down{"gone"});
  CAF_CHECK_EQUAL(seen(session), (test::texts{"greet", "deliver a", "hold"}));
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bridge_suite
