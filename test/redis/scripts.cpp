// The scripts, on a real Redis: results that the contract of every bus
// (test/redis/bus.cpp) does not show.

#define CAF_SUITE scripts

#include "redis/scripts.hpp"

#include <optional>

#include "redis/connection.hpp"
#include "test/redis/scripted_server.hpp"
#include "test/redis/server.hpp"

using namespace waybill;
using namespace waybill::redis;

namespace {

using words = std::vector<std::string>;

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
    auto sent = eval(
      push_script, {"mail", "due", "once"},
      {"channel", text, "60000", "100", "", "", "0", "", "0", "0", "nodes"});
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
  for (auto script : {&check_script, &recount_script, &push_script,
                      &record_script, &read_script, &reject_script,
                      &dead_letter_script, &confirm_script, &claim_script}) {
    auto loaded = call({"SCRIPT", "LOAD", script->text});
    CAF_CHECK_EQUAL(loaded.text, script->sha);
  }
}

CAF_TEST(a check changes nothing and finds what Redis refuses) {
  for (auto commands : {"first", "all"}) {
    auto found = eval(check_script, {"a", "b", "c", "d"}, {commands});
    CAF_REQUIRE_EQUAL(found.items.size(), 3u);
    for (auto& error : found.items)
      CAF_CHECK_EQUAL(error.text, "");
    CAF_CHECK_EQUAL(count({"DBSIZE"}), 0);
  }
  CAF_MESSAGE("by function");
  call({"CONFIG", "SET", "maxmemory", "1"});
  auto found = eval(check_script, {"a", "b", "c", "d"}, {"first"});
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
  auto removed = eval(confirm_script, {"mail", "due"}, {behind});
  CAF_CHECK_EQUAL(removed.number, 2);
  CAF_CHECK_EQUAL(count({"EXISTS", "due"}), 0);
}

CAF_TEST(expiry times of confirmed entries are removed when they are many) {
  keep("a");
  keep("b");
  auto third = keep("c");
  eval(confirm_script, {"mail", "due"}, {third});
  CAF_CHECK_EQUAL(count({"XLEN", "mail"}), 1);
  CAF_CHECK_EQUAL(count({"ZCARD", "due"}), 1);
}

CAF_TEST(an outcome is recorded for the push that has the key) {
  auto record = [this](const std::string& id, const std::string& outcome) {
    return eval(record_script, {"once"}, {id, outcome}).number;
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

CAF_TEST(an entry is rejected once) {
  auto entry = keep("a");
  auto reject = [&] {
    return eval(reject_script, {"mail", "due", "dead"},
                {entry, "100", "reason", "why"})
      .number;
  };
  CAF_CHECK_EQUAL(reject(), 1);
  CAF_CHECK_EQUAL(count({"XLEN", "mail"}), 0);
  CAF_CHECK_EQUAL(count({"ZCARD", "due"}), 0);
  CAF_CHECK_EQUAL(reject(), 0);
  CAF_CHECK_EQUAL(count({"XLEN", "dead"}), 1);
}

CAF_TEST(a dead letter is stored as often as it was published) {
  auto hear = [this](const std::string& node) {
    return eval(dead_letter_script, {"dead", "heard"},
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

CAF_TEST(a claim is newer than the last even if clocks were set back) {
  auto claim = [this] {
    return eval(claim_script, {"owner"}, {"channel", "message"}).text;
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
