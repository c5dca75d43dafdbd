#define CAF_SUITE commands

#include "redis/commands.hpp"

#include "redis/digest.hpp"
#include "test/redis/fake_client.hpp"
#include "test/redis/fake_environment.hpp"

namespace commands_suite {

using namespace waybill;
using namespace waybill::redis;
using namespace std::chrono_literals;
using test::list_of;
using test::one;
using test::two;

namespace {

const auto id456 = push_address::id("456");
const auto nil = reply{};
const auto& scripts = scripts_of(pubsub_kind::classic);

reply number(int64_t x) {
  return {reply::kind::number, x};
}

reply text(const std::string& x) {
  return {reply::kind::text, 0, x};
}

reply error(const std::string& x) {
  return {reply::kind::error, 0, x};
}

struct commands_fixture : test::fixture {
  commands_fixture() { config.node = "n1"; }

  /// Lets Redis answer the oldest command.
  void answer(caf::expected<reply> reply) {
    CAF_REQUIRE(!redis.waiting.empty());
    auto handler = std::move(redis.waiting.front());
    redis.waiting.pop_front();
    handler(std::move(reply));
  }

  /// Returns a handler that keeps what it gets.
  auto keep_number() {
    result.clear();
    return [this](const caf::expected<uint64_t>& x) {
      result = x ? std::to_string(*x) : sys.render(x.error());
    };
  }

  auto keep_outcome() {
    result.clear();
    return [this](const caf::expected<outcome>& x) {
      result = x ? "sent to " + std::to_string(x->counts.nodes)
                 : sys.render(x.error());
      if (x)
        last = *x;
    };
  }

  /// Publishes a push, and lets Redis answer it.
  void publish(const push& push, std::vector<caf::expected<reply>> replies) {
    redis.sent.clear();
    aut.publish(id456, push, keep_outcome());
    for (auto& reply : replies)
      answer(std::move(reply));
  }

  /// Reads a mailbox, and lets Redis answer with these items.
  void read(std::vector<reply> items) {
    result.clear();
    rejections.clear();
    aut.read(
      {id456, "1-0", "9-0", 100},
      [this](const push_address&, const std::string& reason) {
        rejections.push_back(reason);
      },
      [this](caf::expected<inbox_page> x) {
        result = x ? "page" : sys.render(x.error());
        if (x)
          page = std::move(*x);
      });
    answer(list_of(std::move(items)));
  }

  bridge_config config;
  test::fake_client redis;
  test::fake_environment surroundings;
  waybill::redis::commands aut{config, redis, surroundings};

  /// Results of a handler, in order; empty while there is none.
  std::string result;
  outcome last;
  inbox_page page;
  test::texts rejections;
};

/// Makes a push that a mailbox keeps.
push make_kept(const std::string& id) {
  push result{id, make_text("a")};
  result.ttl = 10s;
  return result;
}

push make_keyed(const std::string& id) {
  push result{id, make_text("a")};
  result.key = "k";
  result.wait = 1s;
  return result;
}

/// Returns the bytes of a push as they stand in a mailbox.
std::string bytes_of(push push) {
  return encode(push);
}

const auto unexpected = std::string{R"(refused("an unexpected reply"))"};

} // namespace

CAF_TEST_FIXTURE_SCOPE(commands_tests, commands_fixture)

CAF_TEST(Redis is told all scripts before they are needed) {
  aut.load();
  auto all = redis.loaded;
  for (auto script :
       {&scripts.check, &scripts.count, &scripts.push, &scripts.record,
        &scripts.read, &scripts.dead_letter, &scripts.confirm, &scripts.claim})
    CAF_CHECK_EQUAL(std::count(all.begin(), all.end(), script->text), 1);
  CAF_CHECK_EQUAL(all.size(), 9u);
}

CAF_TEST(a check tells of each function what stops it) {
  caf::expected<check_result> found{errc::failed};
  auto check = [&](bool every_command, caf::expected<reply> x) {
    aut.check(every_command,
              [&](caf::expected<check_result> y) { found = std::move(y); });
    CAF_REQUIRE_EQUAL(redis.checks.size(), 1u);
    redis.checks.front()(std::move(x));
    redis.checks.clear();
  };
  check(false, list_of({text("a"), text("b"), text("")}));
  CAF_CHECK_EQUAL(redis.tried, "first");
  CAF_CHECK_EQUAL(unbox(found).reading, "a");
  CAF_CHECK_EQUAL(found->keeping, "b");
  CAF_CHECK_EQUAL(found->claiming, "");
  check(true, list_of({text("a"), text("b")}));
  CAF_CHECK_EQUAL(redis.tried, "all");
  CAF_CHECK(!found && found.error() == errc::refused);
  check(true, caf::error{errc::unanswered});
  CAF_CHECK(!found && found.error() == errc::unanswered);
}

CAF_TEST(a push that leaves nothing behind is published) {
  push push{"p", make_text("a")};
  push.want = receipt_level::written;
  push.reply_to = "n1";
  publish(push, {two});
  CAF_CHECK_EQUAL(redis.sent.front(),
                  (command{"PUBLISH", "waybill:{id:456}", encode(push)}));
  CAF_CHECK_EQUAL(result, "sent to 2");
  CAF_CHECK_EQUAL(last.push, "p");
  CAF_CHECK(last.want == receipt_level::written);
  CAF_CHECK(!last.kept);
}

CAF_TEST(a push that reached nobody is tried once more) {
  push push{"p", make_text("a")};
  publish(push, {number(0)});
  CAF_CHECK_EQUAL(result, "");
  CAF_CHECK_EQUAL(
    redis.sent.back(),
    (command{"EVALSHA", scripts.count.sha, "1", "waybill:{id:456}",
             "waybill:{nodes}", encode(push)}));
  answer(list_of({one, one}));
  CAF_CHECK_EQUAL(result, "sent to 1");
}

CAF_TEST(nobody is there only if all nodes are) {
  surroundings.nodes = 2;
  push push{"p", make_text("a")};
  publish(push, {number(0), list_of({number(0), one})});
  CAF_CHECK_EQUAL(result, "nodes_missing");
  publish(push, {number(0), list_of({number(0), two})});
  CAF_CHECK_EQUAL(result, "sent to 0");
  publish(push, {number(0), list_of({number(0), number(3)})});
  CAF_CHECK_EQUAL(result, "sent to 0");
  CAF_MESSAGE("whoever is reached needs no others");
  publish(push, {number(0), list_of({one, one})});
  CAF_CHECK_EQUAL(result, "sent to 1");
  CAF_MESSAGE("a node that is first missed now was there before");
  publish(push, {number(0)});
  surroundings.nodes = 3;
  answer(list_of({number(0), two}));
  CAF_CHECK_EQUAL(result, "sent to 0");
}

CAF_TEST(a kick and a query are published and count their nodes) {
  kick order{"k"};
  query question{query::kind::sessions, "", "q", "n1"};
  surroundings.nodes = 2;
  aut.publish(id456, order, keep_number());
  CAF_CHECK_EQUAL(redis.sent.back(),
                  (command{"PUBLISH", "waybill:{id:456}", encode(order)}));
  answer(two);
  CAF_CHECK_EQUAL(result, "2");
  aut.publish(id456, question, keep_number());
  CAF_CHECK_EQUAL(redis.sent.back(),
                  (command{"PUBLISH", "waybill:{id:456}", encode(question)}));
  answer(number(0));
  CAF_CHECK_EQUAL(
    redis.sent.back(),
    (command{"EVALSHA", scripts.count.sha, "1", "waybill:{id:456}",
             "waybill:{nodes}", encode(question)}));
  answer(list_of({number(0), one}));
  CAF_CHECK_EQUAL(result, "nodes_missing");
  aut.publish(id456, order, keep_number());
  answer(caf::error{errc::unanswered});
  CAF_CHECK_EQUAL(result, "unanswered");
}

CAF_TEST(a push with a time to live is kept by a script) {
  auto push = make_kept("p");
  push.want = receipt_level::received;
  publish(push, {list_of({text("sent"), two, two})});
  CAF_CHECK_EQUAL(
    redis.sent.front(),
    (command{"EVALSHA", scripts.push.sha, "2", "waybill:mail:{id:456}",
             "waybill:due:{id:456}", "waybill:{id:456}", encode(push), "10000",
             "1000", "waybill:{nodes}", ""}));
  CAF_CHECK_EQUAL(result, "sent to 2");
  CAF_CHECK(last.kept);
  CAF_CHECK(last.want == receipt_level::received);
}

CAF_TEST(a push that supersedes others names the key of its last entry) {
  auto push = make_kept("p");
  push.collapse = "k";
  publish(push, {list_of({text("sent"), two, two})});
  auto& sent = redis.sent.front();
  CAF_CHECK_EQUAL(sent[2], "3");
  CAF_CHECK_EQUAL(sent[5], "waybill:collapse:{id:456}:k");
  CAF_CHECK_EQUAL(sent.back(), "1");
  CAF_MESSAGE("without a mailbox there is nothing to replace in Redis");
  push.ttl = 0ms;
  publish(push, {two});
  CAF_CHECK_EQUAL(redis.sent.back()[0], "PUBLISH");
}

CAF_TEST(the last value of a topic is kept by a script) {
  push push{"p", make_text("a")};
  push.retain = 60s;
  aut.publish(push_address::topic("news"), push, keep_outcome());
  CAF_CHECK_EQUAL(redis.sent.back(),
                  (command{"EVALSHA", scripts.push.sha, "1",
                           "waybill:last:{topic:news}", "waybill:{topic:news}",
                           encode(push), "60000", "", "waybill:{nodes}", ""}));
  answer(list_of({text("sent"), number(0), one}));
  CAF_CHECK_EQUAL(result, "sent to 0");
  CAF_CHECK(last.kept);
  aut.publish(push_address::topic("news"), query{query::kind::forget, "", "q"},
              keep_number());
  CAF_CHECK_EQUAL(redis.sent.back()[3], "waybill:last:{topic:news}");
  CAF_CHECK_EQUAL(redis.sent.back()[7], "");
}

CAF_TEST(the last value of a topic is read with its remaining time) {
  std::optional<last_value> found;
  auto keep = [&](caf::expected<std::optional<last_value>> x) {
    result = x ? "" : sys.render(x.error());
    found = x ? *std::move(x) : std::nullopt;
  };
  auto read = [&] { aut.value(push_address::topic("news"), keep); };
  push push{"p", make_text("a")};
  push.want = receipt_level::written;
  push.reply_to = "n2";
  push.retain = 60s;
  read();
  CAF_CHECK_EQUAL(redis.sent.back(),
                  (command{"GET", "waybill:last:{topic:news}"}));
  answer(text(encode(push)));
  CAF_CHECK_EQUAL(redis.sent.back(),
                  (command{"PTTL", "waybill:last:{topic:news}"}));
  answer(number(1500));
  CAF_REQUIRE(found);
  CAF_CHECK_EQUAL(found->content.id, "p");
  CAF_CHECK(found->content.retain == 1500ms);
  CAF_CHECK(found->content.reply_to.empty());
  CAF_MESSAGE("it may end between the two commands");
  read();
  answer(text(encode(push)));
  answer(number(-2));
  CAF_CHECK(!found && result.empty());
  read();
  answer(nil);
  CAF_CHECK(!found && result.empty());
  read();
  answer(text("nonsense"));
  CAF_CHECK_EQUAL(result, R"(refused("waybill:last:{topic:news} is no push"))");
}

CAF_TEST(a push that is kept may reach nobody now) {
  surroundings.nodes = 2;
  publish(make_kept("p"), {list_of({text("sent"), number(0), one})});
  CAF_CHECK_EQUAL(result, "sent to 0");
  CAF_CHECK(last.kept);
}

CAF_TEST(a push with a key is remembered by its fingerprint) {
  auto push = make_keyed("p");
  publish(push, {list_of({text("sent"), one, one})});
  auto& words = redis.sent.front();
  CAF_CHECK_EQUAL(words[2], "1");
  CAF_CHECK_EQUAL(words[3], "waybill:once:{id:456}:k");
  CAF_CHECK_EQUAL(words[6], "0");
  CAF_CHECK((command{words.begin() + 8, words.end()})
            == (command{"waybill:{nodes}", "",
                        sha256(request_fingerprint("waybill:id:456", push)),
                        "p", "0", "waybill:{node:n1}", "3000", "600000"}));
  CAF_CHECK_EQUAL(result, "sent to 1");
  CAF_CHECK(!last.kept);
}

CAF_TEST(a kept push with a key has the keys of both) {
  auto push = make_keyed("p");
  push.ttl = 10s;
  publish(push, {list_of({text("sent"), one, one})});
  auto& words = redis.sent.front();
  CAF_CHECK((command{words.begin() + 2, words.begin() + 7})
            == (command{"3", "waybill:mail:{id:456}", "waybill:due:{id:456}",
                        "waybill:once:{id:456}:k", "waybill:{id:456}"}));
  CAF_CHECK(last.kept);
}

CAF_TEST(a server of a Redis Cluster publishes by shard) {
  config.cluster = true;
  waybill::redis::commands sharded{config, redis, surroundings};
  auto& all = scripts_of(pubsub_kind::sharded);
  push push{"p", make_text("a")};
  sharded.publish(id456, push, keep_outcome());
  CAF_CHECK_EQUAL(redis.sent.back(),
                  (command{"SPUBLISH", "waybill:{id:456}", encode(push)}));
  answer(number(0));
  CAF_CHECK_EQUAL(redis.sent.back()[1], all.count.sha);
  sharded.tell("n2", node_message{"n1", {}, "p"}, keep_number());
  CAF_CHECK_EQUAL(redis.sent.back()[0], "SPUBLISH");
  CAF_CHECK_EQUAL(redis.sent.back()[1], "waybill:{node:n2}");
  sharded.publish(id456, make_kept("p"), keep_outcome());
  CAF_CHECK_EQUAL(redis.sent.back()[1], all.push.sha);
  sharded.claim(id456, keep_number());
  CAF_CHECK_EQUAL(redis.sent.back()[1], all.claim.sha);
}

CAF_TEST(a push with a key that reached nobody may be missed by nodes) {
  surroundings.nodes = 2;
  publish(make_keyed("p"), {list_of({text("sent"), number(0), one})});
  CAF_CHECK_EQUAL(result, "nodes_missing");
  publish(make_keyed("p"), {list_of({text("sent"), number(0), two})});
  CAF_CHECK_EQUAL(result, "sent to 0");
}

CAF_TEST(a script says why nothing was sent) {
  publish(make_kept("p"), {list_of({text("full")})});
  CAF_CHECK_EQUAL(result, to_string(errc::inbox_full));
  publish(make_keyed("p"), {list_of({text("other")})});
  CAF_CHECK_EQUAL(result, to_string(errc::key_reused));
  publish(make_keyed("p"), {list_of({text("waiting")})});
  CAF_CHECK_EQUAL(result, to_string(errc::in_flight));
}

CAF_TEST(a repeat is answered what is recorded of the first) {
  auto push = make_keyed("b");
  publish(push, {list_of({text("recorded"), text("a"), text("0"), text("1"),
                          text("2")})});
  CAF_CHECK_EQUAL(result, "sent to 2");
  CAF_CHECK_EQUAL(last.push, "a");
  CAF_CHECK(last.kept);
  CAF_CHECK_EQUAL(last.unknown, 0u);
  CAF_MESSAGE("what its sessions did is unknown until it is settled");
  push.want = receipt_level::written;
  std::vector<reply> items{text("recorded"), text("a"), text("1"), text("0"),
                           text("2")};
  publish(push, {list_of(items)});
  CAF_CHECK_EQUAL(last.unknown, 2u);
  CAF_MESSAGE("and then known");
  outcome settled{"a", receipt_level::written};
  settled.counts = {1, 3, 3};
  items.push_back(text(encode(settled)));
  publish(push, {list_of(items)});
  CAF_CHECK_EQUAL(last.unknown, 0u);
  CAF_CHECK_EQUAL(last.counts.written, 3u);
  CAF_CHECK_EQUAL(last.counts.nodes, 2u);
  CAF_MESSAGE("unless it cannot be read");
  items.back() = text("nonsense");
  publish(push, {list_of(items)});
  CAF_CHECK_EQUAL(last.unknown, 2u);
}

CAF_TEST(a record of a level of another release is taken for the lowest) {
  publish(make_keyed("b"), {list_of({text("recorded"), text("a"), text("9"),
                                     text("0"), text("1")})});
  CAF_CHECK_EQUAL(result, "sent to 1");
  CAF_CHECK(last.want == receipt_level::routed);
}

CAF_TEST(a reply that no script makes is refused) {
  for (auto& x :
       {list_of({}), nil, one, text("sent"), list_of({text("sent"), one}),
        list_of({text("recorded"), text("a"), text("0"), text("1")}),
        list_of({text("nonsense")})}) {
    publish(make_keyed("p"), {x});
    CAF_CHECK_EQUAL(result, unexpected);
  }
  push push{"p", make_text("a")};
  publish(push, {list_of({one})});
  CAF_CHECK_EQUAL(result, unexpected);
  publish(push, {number(0), list_of({one})});
  CAF_CHECK_EQUAL(result, unexpected);
}

CAF_TEST(what is kept is answered when enough replicas have it) {
  config.replicas = 2;
  auto sent = list_of({text("sent"), one, one});
  publish(make_kept("p"), {sent});
  CAF_CHECK_EQUAL(redis.seen, test::texts{"await 2"});
  CAF_CHECK_EQUAL(result, "");
  answer(two);
  CAF_CHECK_EQUAL(result, "sent to 1");
  CAF_MESSAGE("else nobody knows");
  publish(make_kept("p"), {sent, one});
  CAF_CHECK_EQUAL(result, "unanswered");
  publish(make_kept("p"), {sent, caf::error{errc::bus_away}});
  CAF_CHECK_EQUAL(result, "unanswered");
  CAF_MESSAGE("and what is not kept waits for none");
  redis.seen.clear();
  publish(make_keyed("p"), {sent});
  CAF_CHECK_EQUAL(result, "sent to 1");
  CAF_CHECK(redis.seen.empty());
}

CAF_TEST(an error of the link is handed on) {
  for (auto& push : {push{"p", make_text("a")}, make_kept("p")})
    for (auto why : {errc::bus_away, errc::unanswered}) {
      publish(push, {caf::error{why}});
      CAF_CHECK_EQUAL(result, to_string(why));
    }
  publish({"p", make_text("a")}, {number(0), caf::error{errc::unanswered}});
  CAF_CHECK_EQUAL(result, "unanswered");
  CAF_CHECK(surroundings.errors.empty());
}

CAF_TEST(an error of one command alone is refused) {
  publish(make_kept("p"), {error("WRONGTYPE Operation against a key")});
  CAF_CHECK_EQUAL(result, R"(refused("WRONGTYPE Operation against a key"))");
  CAF_CHECK(surroundings.errors.empty());
}

CAF_TEST(an error that stops more is told to the bridge) {
  publish(make_kept("p"), {error("OOM command not allowed")});
  CAF_CHECK_EQUAL(result, R"(bus_away("OOM command not allowed"))");
  publish({"p", make_text("a")}, {error("LOADING Redis is loading")});
  CAF_CHECK_EQUAL(result, R"(bus_away("LOADING Redis is loading"))");
  CAF_CHECK_EQUAL(
    surroundings.errors,
    (test::texts{"OOM command not allowed", "LOADING Redis is loading"}));
  CAF_CHECK(surroundings.impairments
            == (std::vector{impairment::function, impairment::commands}));
}

CAF_TEST(a script that Redis forgot is told and run once more) {
  publish(make_kept("p"), {error("NOSCRIPT No matching script.")});
  CAF_CHECK_EQUAL(redis.loaded, test::texts{scripts.push.text});
  CAF_REQUIRE_EQUAL(redis.sent.size(), 2u);
  CAF_CHECK_EQUAL(redis.sent[0], redis.sent[1]);
  CAF_CHECK_EQUAL(result, "");
  answer(error("NOSCRIPT No matching script."));
  CAF_CHECK_EQUAL(result, R"(refused("NOSCRIPT No matching script."))");
  CAF_CHECK(redis.waiting.empty());
}

CAF_TEST(a key is freed by an outcome of nobody and else records it) {
  outcome outcome{"p", receipt_level::written};
  outcome.counts.nodes = 1;
  aut.record_outcome(id456, "k", outcome);
  CAF_CHECK_EQUAL(redis.sent.back(),
                  (command{"EVALSHA", scripts.record.sha, "1",
                           "waybill:once:{id:456}:k", "p", ""}));
  outcome.counts.sessions = 1;
  aut.record_outcome(id456, "k", outcome);
  CAF_CHECK_EQUAL(redis.sent.back().back(), encode(outcome));
}

CAF_TEST(an empty mailbox takes no script) {
  auto read_first = [this](const reply& length) {
    redis.sent.clear();
    result.clear();
    aut.read(
      {id456, "1-0", "", 100}, [](const push_address&, const std::string&) {},
      [this](caf::expected<inbox_page> x) {
        result = x ? "page" : sys.render(x.error());
      });
    CAF_CHECK_EQUAL(redis.sent.back(),
                    (command{"XLEN", "waybill:mail:{id:456}"}));
    answer(length);
  };
  read_first(number(0));
  CAF_CHECK_EQUAL(result, "page");
  read_first({reply::kind::error, 0, "WRONGTYPE no stream"});
  CAF_CHECK_EQUAL(result, R"(refused("WRONGTYPE no stream"))");
  read_first(number(1));
  CAF_CHECK_EQUAL(result, "");
  CAF_CHECK_EQUAL(redis.sent.back()[1], scripts.read.sha);
  CAF_CHECK_EQUAL(redis.sent.back()[5], "1-0");
}

CAF_TEST(a mailbox is read between two entries) {
  read({text("9-0"), number(0)});
  CAF_CHECK_EQUAL(
    redis.sent.back(),
    (command{"EVALSHA", scripts.read.sha, "2", "waybill:mail:{id:456}",
             "waybill:due:{id:456}", "1-0", "9-0", "100"}));
  CAF_CHECK_EQUAL(result, "page");
  CAF_CHECK(page.pushes.empty());
  CAF_CHECK_EQUAL(page.upto, "9-0");
  CAF_CHECK(!page.more);
}

CAF_TEST(what is read has its entry and the time that is left) {
  auto kept = make_kept("p");
  kept.want = receipt_level::received;
  kept.reply_to = "n2";
  read({text("9-0"), one, text("2-0"), text(bytes_of(kept)), number(1500),
        text("3-0"), text(bytes_of(make_kept("q"))), number(0)});
  CAF_CHECK(page.more);
  CAF_REQUIRE_EQUAL(page.pushes.size(), 2u);
  auto& first = page.pushes[0];
  CAF_CHECK_EQUAL(first.id, "p");
  CAF_CHECK_EQUAL(first.entry, "2-0");
  CAF_CHECK(first.ttl == 1500ms);
  CAF_CHECK_EQUAL(page.pushes[1].id, "q");
  CAF_CHECK(page.pushes[1].ttl == 0ms);
  CAF_MESSAGE("but its pusher waits no more");
  CAF_CHECK_EQUAL(first.reply_to, "");
  CAF_CHECK(first.want == receipt_level::routed);
}

CAF_TEST(nothing that is read lives longer than it may) {
  auto longest = std::chrono::milliseconds{longest_ttl}.count();
  auto kept = text(bytes_of(make_kept("p")));
  read({text("9-0"), number(0), text("2-0"), kept, number(longest), text("3-0"),
        kept, number(longest + 1)});
  CAF_REQUIRE_EQUAL(page.pushes.size(), 2u);
  CAF_CHECK(page.pushes[0].ttl == longest_ttl);
  CAF_CHECK(page.pushes[1].ttl == longest_ttl);
}

CAF_TEST(an entry from the future has no age) {
  auto kept = text(bytes_of(make_kept("p")));
  read({text("9-0"), number(0), text("9999999999999-0"), kept, one});
  CAF_CHECK(page.age == 0ms);
  CAF_MESSAGE("and the ages of others add up");
  read({text("9-0"), number(0), text("1000-0"), kept, one, text("2000-0"), kept,
        one});
  auto now = std::chrono::system_clock::now().time_since_epoch();
  CAF_CHECK(page.age > 2 * now - 10min && page.age <= 2 * now - 3s);
}

CAF_TEST(an entry that cannot be read costs the others nothing) {
  auto kept = text(bytes_of(make_kept("p")));
  read({text("9-0"), number(0), text("2-0"), text("nonsense"), one, text("3-0"),
        kept, number(-1), text("4-0"), kept, one});
  CAF_CHECK_EQUAL(rejections,
                  (test::texts{"not a push", "an entry without a message or "
                                             "an expiry"}));
  CAF_REQUIRE_EQUAL(page.pushes.size(), 1u);
  CAF_CHECK_EQUAL(page.pushes[0].entry, "4-0");
  CAF_MESSAGE("and is stored as a dead letter");
  CAF_REQUIRE_EQUAL(redis.sent.size(), 3u);
  CAF_CHECK_EQUAL(
    redis.sent[1],
    (command{"EVALSHA", scripts.dead_letter.sha, "2", "waybill:dead",
             "{waybill:dead}:" + sha1("waybill:mail:{id:456} 2-0"), "", "60000",
             "10000", "message", "nonsense", "reason", "not a push", "node",
             "n1", "key", "waybill:mail:{id:456}"}));
  CAF_MESSAGE("and then removed");
  answer(one);
  CAF_REQUIRE_EQUAL(redis.sent.size(), 5u);
  CAF_CHECK_EQUAL(redis.sent[3],
                  (command{"XDEL", "waybill:mail:{id:456}", "2-0"}));
  CAF_CHECK_EQUAL(redis.sent[4],
                  (command{"ZREM", "waybill:due:{id:456}", "2-0"}));
  CAF_MESSAGE("but not if the dead letter is not stored");
  answer(error("WRONGTYPE no stream"));
  CAF_CHECK_EQUAL(redis.sent.size(), 5u);
}

CAF_TEST(where nothing of a part can be read the next part is) {
  read({text("8-0"), one, text("2-0"), text("nonsense"), one, text("3-0"),
        text("nonsense"), one});
  CAF_CHECK_EQUAL(result, "");
  auto& words = redis.sent.back();
  CAF_CHECK_EQUAL(words[1], scripts.read.sha);
  CAF_CHECK_EQUAL(words[5], "3-0");
  CAF_CHECK_EQUAL(words[6], "8-0");
  CAF_MESSAGE("and without a next one there is nothing");
  redis.waiting.clear();
  read({text("8-0"), number(0), text("2-0"), text("nonsense"), one});
  CAF_CHECK_EQUAL(result, "page");
  CAF_CHECK(page.pushes.empty());
}

CAF_TEST(a reply that is no part of a mailbox is refused) {
  for (auto& items : {std::vector<reply>{},
                      {text("9-0")},
                      {text("9-0"), one, text("2-0")},
                      {text("9-0"), one, text("2-0"), text("x")}}) {
    read(items);
    CAF_CHECK_EQUAL(result, unexpected);
  }
}

CAF_TEST(a dead letter has four KiB of its message) {
  std::string message(4097, 'x');
  aut.dead_letter(message, "too large", keep_number());
  CAF_CHECK_EQUAL(
    redis.sent.back(),
    (command{"EVALSHA", scripts.dead_letter.sha, "2", "waybill:dead",
             "{waybill:dead}:" + sha1(message), "n1", "60000", "10000",
             "message", message.substr(0, 4096), "reason", "too large", "node",
             "n1"}));
  answer(one);
  CAF_CHECK_EQUAL(result, "1");
}

CAF_TEST(a confirmation removes all up to its entry) {
  auto confirm = [this](const std::string& entry) {
    aut.confirm(id456, entry, keep_number());
    return redis.sent.back().back();
  };
  CAF_CHECK_EQUAL(confirm("5-0"), "5-1");
  CAF_CHECK_EQUAL(confirm("1700000000000-9"), "1700000000000-10");
  CAF_CHECK_EQUAL(confirm("5-18446744073709551614"), "5-18446744073709551615");
  answer(number(3));
  CAF_CHECK_EQUAL(result, "3");
}

CAF_TEST(a claim makes a newer session the owner) {
  aut.claim(id456, keep_number());
  CAF_CHECK_EQUAL(
    redis.sent.back(),
    (command{"EVALSHA", scripts.claim.sha, "1", "waybill:owner:{id:456}",
             "waybill:{id:456}", encode_claim()}));
  answer(number(1700000000000000));
  CAF_CHECK_EQUAL(result, "1700000000000000");
}

CAF_TEST(an owner is a number and else there is none) {
  auto ask = [this](caf::expected<reply> x) {
    aut.owner(id456, keep_number());
    answer(std::move(x));
    return result;
  };
  CAF_CHECK_EQUAL(ask(text("1700000000000000")), "1700000000000000");
  CAF_CHECK_EQUAL(redis.sent.back(),
                  (command{"GET", "waybill:owner:{id:456}"}));
  CAF_CHECK_EQUAL(ask(nil), "0");
  CAF_CHECK_EQUAL(ask(text("nonsense")), "0");
  CAF_CHECK_EQUAL(ask(list_of({})), unexpected);
  CAF_CHECK_EQUAL(ask(error("WRONGTYPE Operation")),
                  R"(refused("WRONGTYPE Operation"))");
}

CAF_TEST(presence of nobody is known only if all nodes are there) {
  surroundings.nodes = 2;
  auto ask = [this](int64_t holders, int64_t nodes) {
    aut.presence(id456, keep_number());
    CAF_CHECK_EQUAL(
      redis.sent.back(),
      (command{"PUBSUB", "NUMSUB", "waybill:{id:456}", "waybill:{nodes}"}));
    answer(list_of({text("waybill:{id:456}"), number(holders),
                    text("waybill:{nodes}"), number(nodes)}));
    return result;
  };
  CAF_CHECK_EQUAL(ask(0, 1), "nodes_missing");
  CAF_CHECK_EQUAL(ask(0, 2), "0");
  CAF_CHECK_EQUAL(ask(1, 1), "1");
  aut.presence(id456, keep_number());
  answer(list_of({text("waybill:{id:456}"), one}));
  CAF_CHECK_EQUAL(result, unexpected);
}

CAF_TEST(a query that changes the topics of an id keeps them) {
  query change{query::kind::subscribe, "news", "q", "n1", 60s};
  aut.publish(id456, change, keep_number());
  CAF_CHECK_EQUAL(
    redis.sent.back(),
    (command{"EVALSHA", scripts.change.sha, "1", "waybill:topics:{id:456}",
             "waybill:{id:456}", encode(change), "waybill:{nodes}", "news",
             "60000"}));
  answer(list_of({two, two}));
  CAF_CHECK_EQUAL(result, "2");
  CAF_MESSAGE("nobody is known only if all nodes are there");
  surroundings.nodes = 2;
  change.type = query::kind::unsubscribe;
  for (auto [nodes, expected] : {std::pair{1, "nodes_missing"}, {2, "0"}}) {
    aut.publish(id456, change, keep_number());
    answer(list_of({number(0), number(nodes)}));
    CAF_CHECK_EQUAL(result, expected);
  }
  CAF_MESSAGE("nodes that come back read what is kept");
  change.type = query::kind::subscribe;
  aut.publish(id456, change, keep_number());
  answer(list_of({number(0), number(1)}));
  CAF_CHECK_EQUAL(result, "0");
  CAF_MESSAGE("one that is not kept is only published");
  aut.publish(id456, query{query::kind::subscribe, "news"}, keep_number());
  CAF_CHECK_EQUAL(redis.sent.back()[0], "PUBLISH");
}

CAF_TEST(topics that are kept have the time that is left in Redis) {
  redis.kept.reset();
  kept_topics found;
  auto keep = [&](const caf::expected<kept_topics>& x) {
    result = x ? "" : sys.render(x.error());
    found = x ? *x : kept_topics{};
  };
  aut.topics(id456, keep);
  CAF_CHECK_EQUAL(
    redis.sent.back(),
    (command{"ZRANGE", "waybill:topics:{id:456}", "0", "-1", "WITHSCORES"}));
  answer(list_of({text("past"), text("999999"), text("bad/name"),
                  text("1000001"), text("news"), text("1001001")}));
  CAF_CHECK_EQUAL(redis.sent.back(), command{"TIME"});
  answer(list_of({text("1000"), text("0")}));
  CAF_CHECK(found == (kept_topics{{push_address::topic("news"), 1001ms}}));
  CAF_MESSAGE("without any there is no second command");
  aut.topics(id456, keep);
  answer(list_of({}));
  CAF_CHECK(found.empty() && result.empty());
  aut.topics(id456, keep);
  answer(error("WRONGTYPE Operation"));
  CAF_CHECK_EQUAL(result, R"(refused("WRONGTYPE Operation"))");
}

CAF_TEST(a node is told on its own channel) {
  node_message message{"n1", {}, "p"};
  aut.tell("n2", message, keep_number());
  CAF_CHECK_EQUAL(redis.sent.back(),
                  (command{"PUBLISH", "waybill:{node:n2}", encode(message)}));
  answer(one);
  CAF_CHECK_EQUAL(result, "1");
}

CAF_TEST(all keys and channels begin with the prefix) {
  config.prefix = "other";
  waybill::redis::commands other{config, redis, surroundings};
  other.publish(id456, make_keyed("p"), keep_outcome());
  other.publish(id456, make_kept("p"), keep_outcome());
  other.claim(id456, keep_number());
  other.owner(id456, keep_number());
  other.dead_letter("x", "y", keep_number());
  CAF_CHECK_EQUAL(redis.sent.size(), 5u);
  for (auto& words : redis.sent)
    for (auto& word : words)
      CAF_CHECK(word.find("waybill:") == word.npos);
}

CAF_TEST(a message of a client is published or added to a stream) {
  auto keep = [this](const caf::expected<reply>& x) {
    result = x ? "passed" : sys.render(x.error());
  };
  aut.pass_upstream({"456", make_text("hi")}, keep);
  answer(number(0));
  CAF_CHECK_EQUAL(result, "passed");
  config.upstream_limit = 100;
  aut.pass_upstream({"456", {payload::format::binary, "hi"}}, keep);
  answer(text("1-0"));
  CAF_CHECK_EQUAL(result, "passed");
  CAF_CHECK_EQUAL(redis.sent[0], (command{"PUBLISH", "waybill:upstream",
                                          R"({"KEY":"456","VALUE":"hi"})"}));
  CAF_CHECK_EQUAL(
    redis.sent[1],
    (command{"XADD", "waybill:upstream", "MAXLEN", "~", "100", "*", "KEY",
             "456", "VALUE", "aGk=", "ENCODING", "base64"}));
  aut.pass_upstream({"456", make_text("hi")}, keep);
  answer(error("OOM command not allowed"));
  CAF_CHECK_NOT_EQUAL(result, "passed");
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace commands_suite
