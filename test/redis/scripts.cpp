// The scripts, on a real Redis: results that the contract of every bus
// (test/redis/bus.cpp) does not show.

#define CAF_SUITE scripts

#include "redis/scripts.hpp"

#include <optional>

#include "redis/connection.hpp"
#include "test/redis/scripted_server.hpp"
#include "test/redis/server.hpp"

namespace scripts_suite {

using namespace waybill;
using namespace waybill::redis;

namespace {

using words = std::vector<std::string>;

const auto& scripts = scripts_of(pubsub_kind::classic);

/// A connection that subscribes to channels.
struct subscriber : waybill::redis::connection::listener {
  subscriber(boost::asio::io_context& io, const test::redis_server& server)
      : io(io) {
    link->open(server.url());
    test::run_until(io, [this] { return open; });
  }

  ~subscriber() override { link->close(); }

  /// Returns when Redis has confirmed it.
  void subscribe(const std::string& name, const std::string& channel) {
    link->send({name, channel});
    test::run_until(io, [this] { return pushes == 1; });
  }

  void on_open() override { open = true; }

  void on_reply(reply_handler, caf::expected<reply>) override {
    CAF_FAIL("an unexpected reply");
  }

  void on_message(const channel_message&) override { ++messages; }

  void on_push(reply) override { ++pushes; }

  void on_lost(const std::string& reason) override { CAF_FAIL(reason); }

  boost::asio::io_context& io;
  bool open = false;
  size_t messages = 0;
  size_t pushes = 0;
  std::shared_ptr<waybill::redis::connection> link
    = std::make_shared<waybill::redis::connection>(io, *this);
};

struct scripts_fixture : waybill::redis::connection::listener {
  scripts_fixture() {
    link->open(server.url());
    test::run_until(io, [this] { return open; });
  }

  ~scripts_fixture() override {
    link->close();
    io.restart();
    io.poll();
  }

  void on_open() override { open = true; }

  void on_reply(reply_handler then, caf::expected<reply> x) override {
    then(std::move(x));
  }

  void on_push(reply) override { CAF_FAIL("an unexpected reply"); }

  void on_lost(const std::string& reason) override { CAF_FAIL(reason); }

  /// Sends a command, and returns its reply.
  reply call(const command& command) {
    std::optional<reply> result;
    link->send(command,
               [&](caf::expected<reply> x) { result = unbox(std::move(x)); });
    test::run_until(io, [&] { return result.has_value(); });
    return *result;
  }

  int64_t count(const command& command) { return call(command).number; }

  /// Runs a script.
  reply eval(const script& script, const words& keys, const words& arguments) {
    command all{"EVAL", script.text, std::to_string(keys.size())};
    all.insert(all.end(), keys.begin(), keys.end());
    all.insert(all.end(), arguments.begin(), arguments.end());
    return call(all);
  }

  /// Stores a push of this text, and returns its entry.
  std::string keep(const std::string& text) {
    auto sent = eval(scripts.push, {"mail", "due"},
                     {"channel", text, "60000", "100", "nodes", ""});
    CAF_REQUIRE_EQUAL(sent.items.size(), 3u);
    return call({"XREVRANGE", "mail", "+", "-", "COUNT", "1"})
      .items.at(0)
      .items.at(0)
      .text;
  }

  boost::asio::io_context io;
  test::redis_server server;
  bool open = false;
  std::shared_ptr<waybill::redis::connection> link
    = std::make_shared<waybill::redis::connection>(io, *this);
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(scripts_tests, scripts_fixture)

CAF_TEST(Redis knows each script by its SHA - 1) {
  for (auto kind : {pubsub_kind::classic, pubsub_kind::sharded}) {
    auto& all = scripts_of(kind);
    for (auto script : {&all.check, &all.count, &all.push, &all.record,
                        &all.read, &all.dead_letter, &all.confirm, &all.summary,
                        &all.change, &all.claim}) {
      auto loaded = call({"SCRIPT", "LOAD", script->text});
      CAF_CHECK_EQUAL(loaded.text, script->sha);
    }
  }
}

CAF_TEST(a check changes nothing and finds what Redis refuses) {
  for (auto commands : {"first", "all"}) {
    auto found
      = eval(scripts.check, {"a", "b", "c", "d", "e", "f"}, {commands});
    CAF_REQUIRE_EQUAL(found.items.size(), 3u);
    for (auto& error : found.items)
      CAF_CHECK_EQUAL(error.text, "");
    CAF_CHECK_EQUAL(count({"DBSIZE"}), 0);
  }
  CAF_MESSAGE("by function");
  call({"CONFIG", "SET", "maxmemory", "1"});
  auto found = eval(scripts.check, {"a", "b", "c", "d", "e", "f"}, {"first"});
  CAF_REQUIRE_EQUAL(found.items.size(), 3u);
  CAF_CHECK_EQUAL(found.items[0].text, "");
  CAF_CHECK(found.items[1].text.starts_with("OOM"));
  CAF_CHECK(found.items[2].text.starts_with("OOM"));
}

CAF_TEST(a mailbox and its expiry times end with the last entry) {
  keep("a");
  auto last = keep("b");
  CAF_CHECK_EQUAL(count({"XLEN", "mail"}), 2);
  CAF_CHECK_EQUAL(count({"ZCARD", "due"}), 2);
  for (auto key : {"mail", "due"}) {
    auto left = count({"PTTL", key});
    CAF_CHECK(left > 0 && left <= 60'000);
  }
  CAF_MESSAGE("or with their confirmation");
  auto behind = last.substr(0, last.find('-')) + "-18446744073709551615";
  auto removed = eval(scripts.confirm, {"mail", "due"}, {behind});
  CAF_CHECK_EQUAL(removed.number, 2);
  CAF_CHECK_EQUAL(count({"EXISTS", "due"}), 0);
}

CAF_TEST(expiry times of confirmed entries are removed when they are many) {
  keep("a");
  keep("b");
  auto third = keep("c");
  eval(scripts.confirm, {"mail", "due"}, {third});
  CAF_CHECK_EQUAL(count({"XLEN", "mail"}), 1);
  CAF_CHECK_EQUAL(count({"ZCARD", "due"}), 1);
}

CAF_TEST(a mailbox that is emptied leaves nothing) {
  for (auto i = 0; i < 1001; ++i)
    call({"ZADD", "due", "1", "5-" + std::to_string(i)});
  keep("a");
  keep("b");
  auto found = eval(scripts.summary, {"mail", "due"}, {""});
  CAF_REQUIRE_EQUAL(found.items.size(), 2u);
  CAF_CHECK_EQUAL(found.items[0].number, 2);
  CAF_CHECK_EQUAL(count({"ZCARD", "due"}), 2);
  found = eval(scripts.summary, {"mail", "due"}, {"1"});
  CAF_CHECK_EQUAL(found.items[0].number, 2);
  CAF_CHECK_EQUAL(count({"EXISTS", "mail", "due"}), 0);
}

CAF_TEST(an outcome is recorded for the push that has the key) {
  auto record = [this](const std::string& id, const std::string& outcome) {
    return eval(scripts.record, {"once"}, {id, outcome}).number;
  };
  CAF_CHECK_EQUAL(record("a", "x"), 0);
  call({"HSET", "once", "push", "a"});
  CAF_CHECK_EQUAL(record("b", "x"), 0);
  CAF_CHECK_EQUAL(record("b", ""), 0);
  CAF_CHECK_EQUAL(count({"HEXISTS", "once", "outcome"}), 0);
  CAF_CHECK_EQUAL(record("a", "x"), 1);
  auto outcome = call({"HGET", "once", "outcome"});
  CAF_CHECK_EQUAL(outcome.text, "x");
  CAF_MESSAGE("and one of nobody frees the key");
  CAF_CHECK_EQUAL(record("a", ""), 1);
  CAF_CHECK_EQUAL(count({"EXISTS", "once"}), 0);
}

CAF_TEST(a push has the keys that it needs) {
  auto publish = [this](const words& keys, const std::string& ttl,
                        const std::string& fingerprint) {
    words arguments{"channel", "message", ttl, "100", "nodes", ""};
    for (auto& word : words{fingerprint, "p", "0", "", "0", "60000"})
      if (!fingerprint.empty())
        arguments.push_back(word);
    return eval(scripts.push, keys, arguments).items.at(0).text;
  };
  CAF_MESSAGE("none is left by a push to nobody");
  CAF_CHECK_EQUAL(publish({"once"}, "0", "x"), "sent");
  CAF_CHECK_EQUAL(count({"DBSIZE"}), 0);
  CAF_CHECK_EQUAL(publish({"mail", "due", "once"}, "60000", "x"), "sent");
  CAF_CHECK_EQUAL(count({"XLEN", "mail"}), 1);
  CAF_CHECK_EQUAL(count({"ZCARD", "due"}), 1);
  CAF_CHECK(call({"HGET", "once", "fingerprint"}).text == "x");
  CAF_CHECK_EQUAL(publish({"mail", "due", "once"}, "60000", "x"), "recorded");
  CAF_CHECK_EQUAL(publish({"once"}, "0", "y"), "other");
  CAF_CHECK_EQUAL(publish({"mail", "due"}, "60000", ""), "sent");
  CAF_CHECK_EQUAL(count({"XLEN", "mail"}), 2);
  CAF_CHECK_EQUAL(count({"DBSIZE"}), 3);
}

CAF_TEST(a push replaces the entry of its key) {
  auto push = [this](const std::string& text, const std::string& limit) {
    return eval(scripts.push, {"mail", "due", "key"},
                {"channel", text, "60000", limit, "nodes", "1"})
      .items.at(0)
      .text;
  };
  CAF_CHECK_EQUAL(push("a", "2"), "sent");
  auto last = keep("b");
  CAF_MESSAGE("a full mailbox has room for that");
  CAF_CHECK_EQUAL(push("c", "2"), "sent");
  CAF_CHECK_EQUAL(count({"XLEN", "mail"}), 2);
  CAF_CHECK_EQUAL(count({"ZCARD", "due"}), 2);
  auto first = call({"XRANGE", "mail", "-", "+", "COUNT", "1"});
  CAF_CHECK_EQUAL(first.items.at(0).items.at(0).text, last);
  CAF_MESSAGE("one that is refused replaces nothing");
  CAF_CHECK_EQUAL(push("d", "1"), "full");
  CAF_CHECK_EQUAL(count({"XLEN", "mail"}), 2);
  CAF_MESSAGE("what has been confirmed is not there any more");
  call({"DEL", "mail", "due"});
  CAF_CHECK_EQUAL(push("e", "2"), "sent");
  CAF_CHECK_EQUAL(count({"XLEN", "mail"}), 1);
  auto left = count({"PTTL", "key"});
  CAF_CHECK(left > 0 && left <= 60'000);
}

CAF_TEST(the last value of a topic is kept for its time) {
  auto sent = eval(scripts.push, {"last"},
                   {"channel", "value", "60000", "", "nodes", ""});
  CAF_CHECK_EQUAL(sent.items.at(0).text, "sent");
  auto kept = call({"GET", "last"});
  CAF_CHECK_EQUAL(kept.text, "value");
  auto left = count({"PTTL", "last"});
  CAF_CHECK(left > 0 && left <= 60'000);
  CAF_MESSAGE("or until it is forgotten");
  eval(scripts.change, {"last"}, {"channel", "message", "nodes", "", "0"});
  CAF_CHECK_EQUAL(count({"DBSIZE"}), 0);
}

CAF_TEST(topics of an id are kept for their time) {
  auto change = [this](const std::string& topic, const std::string& ttl) {
    auto found = eval(scripts.change, {"topics"},
                      {"channel", "message", "nodes", topic, ttl});
    CAF_CHECK_EQUAL(found.items.size(), 2u);
  };
  change("news", "60000");
  change("sport", "1000");
  auto left = count({"PTTL", "topics"});
  CAF_CHECK(left > 1000 && left <= 60'000);
  CAF_MESSAGE("those whose time has passed are removed by the next");
  call({"ZADD", "topics", "1", "sport"});
  change("weather", "1000");
  CAF_CHECK_EQUAL(count({"ZCARD", "topics"}), 2);
  change("news", "0");
  change("weather", "0");
  CAF_CHECK_EQUAL(count({"DBSIZE"}), 0);
}

CAF_TEST(nodes are counted with a message and without one) {
  // Redis counts the shard channels of a server apart from its others.
  for (auto kind : {pubsub_kind::classic, pubsub_kind::sharded}) {
    subscriber other{io, server};
    other.subscribe(kind == pubsub_kind::classic ? "SUBSCRIBE" : "SSUBSCRIBE",
                    "channel");
    auto& count = scripts_of(kind).count;
    auto ask = [&](const std::string& channel, const words& arguments) {
      auto found = eval(count, {channel}, arguments).items;
      CAF_REQUIRE_EQUAL(found.size(), 2u);
      return std::pair{found[0].number, found[1].number};
    };
    CAF_CHECK((ask("channel", {"nodes"}) == std::pair<int64_t, int64_t>{1, 0}));
    CAF_CHECK((ask("other", {"channel"}) == std::pair<int64_t, int64_t>{0, 1}));
    CAF_CHECK_EQUAL(other.messages, 0u);
    CAF_CHECK((ask("channel", {"channel", "message"})
               == std::pair<int64_t, int64_t>{1, 1}));
    test::run_until(io, [&] { return other.messages == 1; });
  }
}

CAF_TEST(a dead letter is stored as often as it was published) {
  auto hear = [this](const std::string& node) {
    return eval(scripts.dead_letter, {"dead", "heard"},
                {node, "60000", "100", "reason", "why"})
      .number;
  };
  CAF_CHECK_EQUAL(hear("n1"), 1);
  CAF_CHECK_EQUAL(hear("n2"), 0);
  CAF_MESSAGE("and published again");
  CAF_CHECK_EQUAL(hear("n2"), 1);
  CAF_CHECK_EQUAL(hear("n1"), 0);
  CAF_CHECK_EQUAL(count({"XLEN", "dead"}), 2);
}

CAF_TEST(a dead letter that was not published is stored once) {
  auto store = [this](const std::string& heard) {
    return eval(scripts.dead_letter, {"dead", heard},
                {"", "60000", "100", "reason", "why"})
      .number;
  };
  call({"SET", "dead", "no stream"});
  CAF_CHECK(eval(scripts.dead_letter, {"dead", "a"},
                 {"", "60000", "100", "reason", "why"})
              .type
            == reply::kind::error);
  call({"DEL", "dead"});
  CAF_CHECK_EQUAL(store("a"), 1);
  CAF_CHECK_EQUAL(store("a"), 0);
  CAF_CHECK_EQUAL(store("b"), 1);
  CAF_CHECK_EQUAL(count({"XLEN", "dead"}), 2);
  auto left = count({"PTTL", "a"});
  CAF_CHECK(left > 0 && left <= 60'000);
}

CAF_TEST(a claim is newer than the last even if clocks were set back) {
  auto claim = [this] {
    return eval(scripts.claim, {"owner"}, {"channel", "message"}).text;
  };
  auto first = claim();
  CAF_CHECK(std::stoull(claim()) > std::stoull(first));
  call({"SET", "owner", "9000000000000000"});
  CAF_CHECK_EQUAL(claim(), "9000000000000001");
  CAF_MESSAGE("and an invalid owner is replaced");
  for (auto invalid : {"", "a"}) {
    call({"SET", "owner", invalid});
    CAF_CHECK(std::stoull(claim()) >= std::stoull(first));
  }
  call({"DEL", "owner"});
  call({"LPUSH", "owner", "a"});
  CAF_CHECK(std::stoull(claim()) >= std::stoull(first));
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace scripts_suite
