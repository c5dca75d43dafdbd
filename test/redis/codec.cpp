#define CAF_SUITE codec

#include "redis/codec.hpp"

#include <caf/test/dsl.hpp>
#include <nlohmann/json.hpp>

using namespace waybill;
using namespace waybill::redis;
using namespace std::string_literals;

namespace {

using nlohmann::json;

/// Returns members that a newer release may add.
json nested_members() {
  return {{"newer", {{"text", "b"}, {"list", {1, {{"data", nullptr}}}}}},
          {"newest", {1, -1, 0.5, true, nullptr, json::binary({1}, 5)}},
          {"later", "text"}};
}

std::string msgpack(json map, const json& more = json::object()) {
  map.update(more);
  std::string result;
  json::to_msgpack(map, result);
  return result;
}

} // namespace

CAF_TEST(a push survives the way between nodes) {
  for (auto& body :
       {make_text("连接"), make_text(""), make_text(std::string{"a\0b", 3}),
        payload{payload::format::binary, "\xff\x00\xfe"}}) {
    auto x = unbox(decode(encode(push{"n1-x-7", body})));
    CAF_CHECK_EQUAL(x.id, "n1-x-7");
    CAF_CHECK_EQUAL(x.body, body);
  }
}

CAF_TEST(what is to become of a push travels with it) {
  push push{"p", make_text("a")};
  push.want = receipt_level::received;
  push.reply_to = "n1";
  push.ttl = std::chrono::seconds{5};
  auto bytes = encode(push);
  CAF_MESSAGE("a kept push is complete once Redis has appended its entry");
  CAF_CHECK(!decode(bytes));
  append_entry(bytes, "1700000000000-12");
  auto x = unbox(decode(bytes));
  CAF_CHECK(x.want == receipt_level::received);
  CAF_CHECK_EQUAL(x.reply_to, "n1");
  CAF_CHECK(x.ttl == push.ttl);
  CAF_CHECK_EQUAL(x.entry, "1700000000000-12");
}

CAF_TEST(pushes for a purpose of ours survive the way between nodes) {
  push push{"p"};
  push.type = push::kind::kick;
  CAF_CHECK(unbox(decode(encode(push))).type == push::kind::kick);
  push.type = push::kind::inspect;
  push.reply_to = "n1";
  auto x = unbox(decode(encode(push)));
  CAF_CHECK(x.type == push::kind::inspect);
  CAF_CHECK_EQUAL(x.reply_to, "n1");
  push.type = push::kind::metrics;
  CAF_CHECK(unbox(decode(encode(push))).type == push::kind::metrics);
  push.type = push::kind::trace;
  push.body = make_text("连接");
  x = unbox(decode(encode(push)));
  CAF_CHECK(x.type == push::kind::trace);
  CAF_CHECK_EQUAL(x.body, push.body);
  push.type = push::kind::claim;
  x = unbox(decode(encode(push) + std::string{"\xcf\0\0\0\0\0\0\1\2", 9}));
  CAF_CHECK(x.type == push::kind::claim);
  CAF_CHECK_EQUAL(x.claim, 258u);
}

CAF_TEST(what nodes tell each other survives the way) {
  report first{"p1", "n1"};
  first.counts = {1, 2, 3, 4, 5, 6};
  report second{"p2", "n1"};
  second.settled = true;
  second.details = {{"n2", "[::1]:80", 6, 7}};
  second.trace = {{"", trace_event::last_kind, -1, "p", 2, "peer", 3, "why"}};
  second.metrics = {"1.2.3", {{"joins", 8}}};
  auto x
    = unbox(decode_node_message(encode(node_message{"n2", {first, second}})));
  CAF_CHECK_EQUAL(x.node, "n2");
  CAF_CHECK_EQUAL(x.probe, "");
  CAF_REQUIRE_EQUAL(x.reports.size(), 2u);
  CAF_CHECK(x.reports[0].counts == first.counts);
  CAF_CHECK_EQUAL(x.reports[0].node, "n2");
  CAF_CHECK(!x.reports[0].settled && x.reports[1].settled);
  CAF_CHECK(x.reports[1].details == second.details);
  CAF_CHECK(x.reports[1].trace == second.trace);
  CAF_CHECK(x.reports[1].metrics == second.metrics);
  CAF_CHECK_EQUAL(
    unbox(decode_node_message(encode(node_message{"n2", {}, "p3"}))).probe,
    "p3");
}

CAF_TEST(what became of a push survives Redis) {
  outcome outcome{"p", receipt_level::written, true, {1, 2, 3, 4, 5, 7}, 6};
  auto x = unbox(decode_outcome(encode(outcome)));
  CAF_CHECK_EQUAL(x.push, "p");
  CAF_CHECK(x.want == receipt_level::written && x.kept && x.unknown == 6);
  CAF_CHECK(x.counts == outcome.counts);
}

CAF_TEST(members that this release does not know are skipped) {
  auto members = nested_members();
  auto x = unbox(decode(msgpack({{"push", "p"}, {"text", "a"}}, members)));
  CAF_CHECK_EQUAL(x.id, "p");
  CAF_CHECK_EQUAL(x.body, make_text("a"));
  CAF_CHECK(x.type == push::kind::message);
  x = unbox(decode(msgpack({{"kind", "claim"}, {"claim", 5}}, members)));
  CAF_CHECK(x.type == push::kind::claim);
  CAF_CHECK_EQUAL(x.claim, 5u);
  json report = {{"push", "p"}, {"written", 2}};
  report.update(members);
  auto decoded = unbox(decode_node_message(msgpack(
    {{"kind", "reports"}, {"node", "n"}, {"reports", {report}}}, members)));
  CAF_CHECK_EQUAL(decoded.reports.at(0).counts.written, 2u);
  auto became = unbox(decode_outcome(
    msgpack({{"kind", "outcome"}, {"push", "p"}, {"nodes", 2}}, members)));
  CAF_CHECK_EQUAL(became.counts.nodes, 2u);
}

CAF_TEST(members that are missing or of another type have defaults) {
  auto x = unbox(decode(msgpack({{"data", json::binary({1})}, {"push", 5}})));
  CAF_CHECK_EQUAL(x.id, "");
  CAF_CHECK_EQUAL(x.body.size(), 1u);
  x = unbox(decode(msgpack({{"text", "a"}, {"to", "n"}, {"want", 3}})));
  CAF_CHECK(x.want == receipt_level::routed);
  auto decoded = unbox(decode_node_message(
    msgpack({{"kind", "reports"}, {"node", "n"}, {"reports", {{}, 7}}})));
  CAF_REQUIRE_EQUAL(decoded.reports.size(), 2u);
  CAF_CHECK(decoded.reports[0].counts == delivery_counts{});
  auto became = unbox(decode_outcome(
    msgpack({{"kind", "outcome"}, {"want", 7}, {"nodes", 0.5}})));
  CAF_CHECK(became.want == receipt_level::routed && became.counts.nodes == 0);
}

CAF_TEST(a hop that this release does not know is left out) {
  json trace = {{{"hop", "joined"}, {"at", 1}},
                {{"hop", "teleported"}, {"at", 2}},
                {{"hop", "left"}, {"at", 3}}};
  auto decoded = unbox(decode_node_message(
    msgpack({{"kind", "reports"},
             {"node", "n"},
             {"reports", {{{"push", "p"}, {"trace", trace}}}}})));
  CAF_REQUIRE_EQUAL(decoded.reports.at(0).trace.size(), 2u);
  CAF_CHECK(decoded.reports[0].trace[1].type == trace_event::kind::left);
}

CAF_TEST(a message of another kind is told from what is none) {
  for (json kind : {json("beat"), json(""), json(5), json(nullptr),
                    json({{"text", "kick"}})}) {
    auto bytes = msgpack({{"kind", kind}, {"text", "a"}, {"node", "n"}});
    CAF_CHECK(decode(bytes).error() == another_kind);
    CAF_CHECK(decode_node_message(bytes).error() == another_kind);
    CAF_CHECK(decode_outcome(bytes).error() == another_kind);
  }
  for (auto bytes : {"", "nonsense", "\x80", "\x90", "\xc0"}) {
    CAF_CHECK(decode(bytes).error() == caf::sec::invalid_argument);
    CAF_CHECK(decode_node_message(bytes).error() == caf::sec::invalid_argument);
    CAF_CHECK(decode_outcome(bytes).error() == caf::sec::invalid_argument);
  }
}

CAF_TEST(what is no message of ours is refused) {
  auto message = encode(node_message{"n2", {report{"p1", "n1"}}, ""});
  auto kept = encode(outcome{"p"});
  for (size_t size = 0; size < message.size(); ++size)
    CAF_CHECK(!decode_node_message(message.substr(0, size)));
  for (size_t size = 0; size < kept.size(); ++size)
    CAF_CHECK(!decode_outcome(kept.substr(0, size)));
  CAF_CHECK(!decode_node_message(kept));
  CAF_CHECK(!decode_outcome(message));
  CAF_MESSAGE("a report without a node would count as this node's own");
  CAF_CHECK(!decode_node_message(msgpack({{"kind", "reports"}})));
}

CAF_TEST(what nests deeper than a parser may go is refused) {
  for (auto opening : {"\x91"s, "\x81\xa1x"s}) {
    std::string bytes;
    for (int i = 0; i < 100'000; ++i)
      bytes += opening;
    CAF_CHECK(!decode(bytes));
    CAF_CHECK(!decode_node_message(bytes));
    CAF_CHECK(!decode_outcome(bytes));
  }
}

CAF_TEST(what is no push is refused) {
  auto good = encode(push{"p", make_text("text")});
  for (size_t size = 0; size < good.size(); ++size)
    CAF_CHECK(!decode(good.substr(0, size)));
  CAF_CHECK(!decode(good + "x"));
  CAF_CHECK(!decode("{\"push\":1}"));
  CAF_MESSAGE("a text that is not UTF-8 would end the client's connection");
  CAF_CHECK(!decode("\x81\xa4text\xa1\xff"));
}

CAF_TEST(nobody keeps a push until the end of time) {
  auto x = unbox(decode("\x82\xa4text\xa0\xa3ttl\xcf\xba\0\0\0\0\0\0\0"s));
  CAF_CHECK(x.ttl == longest_ttl);
}

CAF_TEST(what a client sent becomes JSON) {
  CAF_CHECK_EQUAL(encode(client_message{"4\"6", make_text("a\nb")}),
                  R"({"KEY":"4\"6","VALUE":"a\nb"})");
  auto binary = [](std::string bytes) {
    return encode(
      client_message{"1", payload{payload::format::binary, std::move(bytes)}});
  };
  CAF_CHECK_EQUAL(binary(""), R"({"KEY":"1","VALUE":"","ENCODING":"base64"})");
  CAF_CHECK_EQUAL(binary("f"),
                  R"({"KEY":"1","VALUE":"Zg==","ENCODING":"base64"})");
  CAF_CHECK_EQUAL(binary("\xff\xfe\xfd"),
                  R"({"KEY":"1","VALUE":"//79","ENCODING":"base64"})");
}
