#define CAF_SUITE cluster_commands

// The commands of a bridge whose server is a master of a Redis Cluster.

#include "redis/commands.hpp"
#include "test/redis/fake_client.hpp"

namespace cluster_commands_suite {

using namespace waybill;
using namespace waybill::redis;
using namespace std::chrono_literals;
using waybill::test::list_of;
using waybill::test::number_reply;
using waybill::test::text_reply;

namespace {

const auto& scripts = scripts_of(pubsub_kind::sharded);
const auto id456 = push_address::id("456");
const auto moved = "MOVED 14066 b:1";
const auto asked = "ASK 14066 b:1";

reply error(const std::string& x) {
  return {reply::kind::error, 0, x};
}

struct fake_environment : waybill::redis::commands::environment {
  using handler = waybill::redis::commands::handler<reply>;

  size_t expected_nodes() override { return nodes; }

  void on_impaired(impairment, const std::string& x) override {
    impairments.push_back(x);
  }

  bool has_moved(const std::string& channel) override {
    return channel == moved_channel;
  }

  caf::error uncounted() override { return missing; }

  bool has_slot(const std::string& channel) override {
    return channel != lost_channel;
  }

  void redirect(redirected_command command, handler then) override {
    redirected.push_back(std::move(command));
    handlers.push_back(std::move(then));
  }

  void on_redirected(const std::string& x) override { ignored.push_back(x); }

  size_t nodes = 1;
  caf::error missing = errc::nodes_missing;
  std::string moved_channel;
  std::string lost_channel;
  test::texts impairments;
  test::texts ignored;
  std::vector<redirected_command> redirected;
  std::vector<handler> handlers;
};

bridge_config make_config() {
  bridge_config result;
  result.node = "n1";
  result.cluster = true;
  return result;
}

struct cluster_commands_fixture : test::fixture {
  /// Lets Redis answer the oldest command.
  void answer(caf::expected<reply> reply) {
    CAF_REQUIRE(!redis.waiting.empty());
    auto handler = std::move(redis.waiting.front());
    redis.waiting.pop_front();
    handler(std::move(reply));
  }

  auto keep_outcome() {
    result.clear();
    return [this](const caf::expected<outcome>& x) {
      result = x ? "sent to " + std::to_string(x->counts.nodes)
                 : sys.render(x.error());
    };
  }

  auto keep_number() {
    result.clear();
    return [this](const caf::expected<uint64_t>& x) {
      result = x ? std::to_string(*x) : sys.render(x.error());
    };
  }

  bool has(const char* text) { return result.find(text) != result.npos; }

  bridge_config config = make_config();
  test::fake_client redis;
  fake_environment surroundings;
  waybill::redis::commands aut{config, redis, surroundings};
  std::string result;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(cluster_commands_tests, cluster_commands_fixture)

CAF_TEST(a push whose slot has moved is published by the next master) {
  push push{"p1", make_text("a")};
  push.wait = 4s;
  aut.publish(id456, push, keep_outcome());
  CAF_CHECK_EQUAL(redis.sent.back()[0], "SPUBLISH");
  answer(error(moved));
  CAF_REQUIRE_EQUAL(surroundings.redirected.size(), 1u);
  auto& passed = surroundings.redirected[0];
  CAF_CHECK(passed.words == redis.sent.back());
  CAF_CHECK_EQUAL(passed.error, moved);
  CAF_CHECK(!passed.follows_ask);
  CAF_CHECK(passed.time == 3s);
  CAF_CHECK_EQUAL(result, "");
  surroundings.handlers[0](test::one);
  CAF_CHECK_EQUAL(result, "sent to 1");
  CAF_CHECK(surroundings.impairments.empty());
}

CAF_TEST(the error of another master is not that of this one) {
  aut.publish(id456, push{"p1", make_text("a")}, keep_outcome());
  answer(error(moved));
  surroundings.handlers[0](error("OOM command not allowed"));
  CAF_CHECK(has("bus_away"));
  CAF_CHECK(has("OOM"));
  CAF_CHECK(surroundings.impairments.empty());
}

CAF_TEST(only a push that is kept follows the keys of its slot) {
  auto follows
    = [this](std::chrono::milliseconds ttl, const char* key, size_t replicas) {
        config.replicas = replicas;
        push push{"p1", make_text("a")};
        push.ttl = ttl;
        push.key = key;
        aut.publish(id456, push, keep_outcome());
        answer(error(asked));
        return surroundings.redirected.back().follows_ask;
      };
  CAF_CHECK(follows(1s, "", 0));
  CAF_CHECK(follows(1s, "k", 0));
  // It would reach nobody, and count that as nobody.
  CAF_CHECK(!follows(0s, "k", 0));
  // The replicas of this master do not have it.
  CAF_CHECK(!follows(1s, "", 1));
}

CAF_TEST(trouble of one slot is not that of the server) {
  for (auto text :
       {"TRYAGAIN Multiple keys request", "CLUSTERDOWN Hash slot"}) {
    aut.owner(id456, keep_number());
    answer(error(text));
    CAF_CHECK_EQUAL(surroundings.redirected.back().error, text);
  }
  CAF_CHECK(surroundings.impairments.empty());
  CAF_MESSAGE("but a server that loads is impaired");
  aut.owner(id456, keep_number());
  answer(error("LOADING Redis is loading"));
  CAF_CHECK_EQUAL(surroundings.redirected.size(), 3u);
  CAF_CHECK_EQUAL(surroundings.impairments.size(), 1u);
}

CAF_TEST(nobody is there only if a script with the slot says so) {
  aut.publish(id456, push{"p1", make_text("a")}, keep_outcome());
  answer(number_reply(0));
  CAF_CHECK_EQUAL(redis.sent.back()[1], scripts.count.sha);
  answer(error(asked));
  CAF_CHECK(has("nodes_missing"));
  CAF_CHECK_EQUAL(surroundings.ignored, test::texts{asked});
  CAF_CHECK(surroundings.redirected.empty());
}

CAF_TEST(nobody is there only if the slot has not moved a moment ago) {
  surroundings.moved_channel = "waybill:{id:456}";
  aut.publish(id456, push{"p1", make_text("a")}, keep_outcome());
  answer(number_reply(0));
  answer(list_of({number_reply(0), number_reply(1)}));
  CAF_CHECK(has("nodes_missing"));
  CAF_MESSAGE("and for one with a key");
  push keyed{"p1", make_text("a")};
  keyed.key = "k";
  aut.publish(id456, keyed, keep_outcome());
  answer(list_of({text_reply("sent"), number_reply(0), number_reply(1)}));
  CAF_CHECK(has("nodes_missing"));
  CAF_MESSAGE("but somebody is there");
  aut.publish(id456, push{"p1", make_text("a")}, keep_outcome());
  answer(number_reply(1));
  CAF_CHECK_EQUAL(result, "sent to 1");
}

CAF_TEST(a push to a former master may have reached somebody) {
  aut.publish(id456, push{"p1", make_text("a")}, keep_outcome());
  answer(number_reply(0));
  answer(error(moved));
  CAF_CHECK(has("unanswered"));
  CAF_MESSAGE("but not if the former master has redirected it");
  surroundings.lost_channel = "waybill:{id:456}";
  aut.publish(id456, push{"p1", make_text("a")}, keep_outcome());
  answer(number_reply(0));
  answer(error(moved));
  CAF_CHECK(has("nodes_missing"));
  surroundings.lost_channel.clear();
  CAF_MESSAGE("and one to a new master may");
  surroundings.missing = errc::unanswered;
  surroundings.moved_channel = "waybill:{id:456}";
  aut.publish(id456, push{"p1", make_text("a")}, keep_outcome());
  answer(number_reply(0));
  answer(list_of({number_reply(0), number_reply(1)}));
  CAF_CHECK(has("unanswered"));
  CAF_MESSAGE("but presence is not that of a push");
  aut.presence(id456, keep_number());
  answer(list_of({number_reply(0), number_reply(1)}));
  CAF_CHECK(has("nodes_missing"));
}

CAF_TEST(replicas of a master that has lost the slot are not asked) {
  config.replicas = 1;
  surroundings.lost_channel = "waybill:{id:456}";
  push kept{"p1", make_text("a")};
  kept.ttl = 1s;
  aut.publish(id456, kept, keep_outcome());
  answer(list_of({text_reply("sent"), number_reply(1), number_reply(0)}));
  CAF_CHECK(has("unanswered"));
  CAF_CHECK(redis.seen.empty());
}

CAF_TEST(presence in a slot that migrates is a bare count) {
  auto presence = [this](reply bare) {
    aut.presence(id456, keep_number());
    answer(error(asked));
    const command expected{"PUBSUB", "SHARDNUMSUB", "waybill:{id:456}"};
    CAF_CHECK(redis.sent.back() == expected);
    answer(std::move(bare));
    return result;
  };
  auto count = [](int64_t x) {
    return list_of({text_reply("waybill:{id:456}"), number_reply(x)});
  };
  CAF_CHECK_EQUAL(presence(count(2)), "2");
  CAF_CHECK(presence(count(0)).find("nodes_missing") != result.npos);
}

CAF_TEST(a canary is published by a script with the slot) {
  reply kept;
  auto publish = [&] {
    aut.publish_proof("waybill:{node:n1:0}", "1 t1",
                      [&](const caf::expected<reply>& x) { kept = *x; });
  };
  publish();
  const command script{
    "EVALSHA", scripts.count.sha, "1", "waybill:{node:n1:0}", "waybill:{nodes}",
    "1 t1"};
  CAF_CHECK(redis.sent.back() == script);
  answer(error(moved));
  CAF_CHECK_EQUAL(kept.text, moved);
  CAF_MESSAGE("and the master of a slot that migrates proves itself by ASK");
  publish();
  answer(error(asked));
  const command bare{"SPUBLISH", "waybill:{node:n1:0}", "1 t1"};
  CAF_CHECK(redis.sent.back() == bare);
  answer(test::one);
  CAF_CHECK_EQUAL(kept.number, 1);
  CAF_MESSAGE("and a script that is unknown is loaded and run again");
  publish();
  redis.loaded.clear();
  answer(error("NOSCRIPT No matching script"));
  CAF_CHECK_EQUAL(redis.loaded, test::texts{scripts.count.text});
  CAF_CHECK(redis.sent.back() == script);
  answer(test::two);
  CAF_CHECK_EQUAL(kept.number, 2);
}

CAF_TEST(a check uses other keys once its slot migrates) {
  slot_set all;
  all.set();
  aut.set_slots(all);
  caf::error why;
  aut.check(true, [&why](caf::expected<check_result> x) {
    if (!x)
      why = x.error();
  });
  redis.checks.back()(error(asked));
  CAF_CHECK(waybill::redis::commands::is_redirected(why));
  CAF_CHECK_EQUAL(surroundings.ignored, test::texts{asked});
  auto first = aut.all_names().unused_address();
  aut.change_unused_address();
  CAF_CHECK_EQUAL(first.key(), "id:/:0");
  CAF_CHECK_EQUAL(aut.all_names().unused_address().key(), "id:/:1");
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace cluster_commands_suite
