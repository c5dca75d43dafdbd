#define CAF_SUITE codec

#include "redis/codec.hpp"

#include <caf/test/dsl.hpp>
#include <nlohmann/json.hpp>

namespace codec_suite {

using namespace waybill;
using namespace waybill::redis;
using namespace std::chrono_literals;
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

/// Decodes a message that is a `T`.
template <class T = push>
T decoded(std::string_view bytes) {
  return std::get<T>(unbox(decode(bytes)));
}

} // namespace

CAF_TEST(a push survives the way between nodes) {
  for (auto& body :
       {make_text("连接"), make_text(""), make_text(std::string{"a\0b", 3}),
        payload{payload::format::binary, "\xff\x00\xfe"}}) {
    auto x = decoded(encode(push{"n1-x-7", body}));
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
  auto x = decoded(bytes);
  CAF_CHECK(x.want == receipt_level::received);
  CAF_CHECK_EQUAL(x.reply_to, "n1");
  CAF_CHECK(x.ttl == push.ttl);
  CAF_CHECK_EQUAL(x.entry, "1700000000000-12");
}

CAF_TEST(a kick and a claim survive the way between nodes) {
  auto found = decoded<kick>(encode(kick{"p", "off you go"}));
  CAF_CHECK_EQUAL(found.id, "p");
  CAF_CHECK_EQUAL(found.reason, "off you go");
  CAF_CHECK_EQUAL(decoded<kick>(encode(kick{"p", "a\nb"})).reason, "");
  CAF_MESSAGE("a claim is complete once Redis has appended its number");
  auto bytes = encode_claim();
  CAF_CHECK(!decode(bytes));
  bytes += std::string{"\xcf\0\0\0\0\0\0\1\2", 9};
  CAF_CHECK_EQUAL(decoded<claim>(bytes).number, 258u);
}

CAF_TEST(queries survive the way between nodes) {
  for (auto type :
       {query::kind::sessions, query::kind::trace, query::kind::metrics}) {
    auto x = decoded<query>(encode(query{type, "连接", "q", "n1"}));
    CAF_CHECK(x.type == type);
    CAF_CHECK_EQUAL(x.id, "q");
    CAF_CHECK_EQUAL(x.reply_to, "n1");
    CAF_MESSAGE("and only a trace is that of an id");
    CAF_CHECK_EQUAL(x.subject, type == query::kind::trace ? "连接" : "");
  }
}

CAF_TEST(changes of topics survive the way between nodes) {
  query change{query::kind::subscribe, "news", "q", "n1", 60s};
  auto x = decoded<query>(encode(change));
  CAF_CHECK(x.type == change.type && x.ttl == 60s);
  CAF_CHECK_EQUAL(x.subject, "news");
  change = {query::kind::unsubscribe, "news", "q", "n1"};
  x = decoded<query>(encode(change));
  CAF_CHECK(x.type == change.type && x.ttl == 0s);
  change.subject = "a/b";
  CAF_CHECK(!decode(encode(change)));
}

CAF_TEST(messages have the bytes that other releases expect) {
  auto is = [](const std::string& bytes, const json& map) {
    std::string expected;
    json::to_msgpack(map, expected);
    return bytes == expected;
  };
  CAF_CHECK(is(encode(kick{"p"}), {{"kind", "kick"}, {"push", "p"}}));
  CAF_CHECK(is(encode(kick{"p", "why"}),
               {{"kind", "kick"}, {"push", "p"}, {"reason", "why"}}));
  CAF_CHECK_EQUAL(encode_claim(), "\x83\xa4kind\xa5"
                                  "claim\xa4push\xa0\xa5"
                                  "claim");
  CAF_CHECK(
    is(encode(query{query::kind::sessions, "456", "q", "n1"}),
       {{"kind", "inspect"}, {"push", "q"}, {"to", "n1"}, {"want", 0u}}));
  CAF_CHECK(
    is(encode(query{query::kind::metrics, "", "q", "n1"}),
       {{"kind", "figures"}, {"push", "q"}, {"to", "n1"}, {"want", 0u}}));
  CAF_CHECK(is(encode(query{query::kind::subscribe, "news", "q", "n1", 60s}),
               {{"kind", "subscribe"},
                {"push", "q"},
                {"to", "n1"},
                {"topic", "news"},
                {"ttl", 60000u},
                {"want", 0u}}));
  CAF_CHECK(
    is(encode(query{query::kind::trace, "456", "q", "n1"}), {{"id", "456"},
                                                             {"kind", "trace"},
                                                             {"push", "q"},
                                                             {"to", "n1"},
                                                             {"want", 0u}}));
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
  auto x = decoded(msgpack({{"push", "p"}, {"text", "a"}}, members));
  CAF_CHECK_EQUAL(x.id, "p");
  CAF_CHECK_EQUAL(x.body, make_text("a"));
  auto number
    = decoded<claim>(msgpack({{"kind", "claim"}, {"claim", 5}}, members))
        .number;
  CAF_CHECK_EQUAL(number, 5u);
  auto became = unbox(decode_outcome(
    msgpack({{"kind", "outcome"}, {"push", "p"}, {"nodes", 2}}, members)));
  CAF_CHECK_EQUAL(became.counts.nodes, 2u);
}

CAF_TEST(members that are missing or of another type have defaults) {
  auto x = decoded(msgpack({{"data", json::binary({1})}, {"push", 5}}));
  CAF_CHECK_EQUAL(x.id, "");
  CAF_CHECK_EQUAL(x.body.size(), 1u);
  x = decoded(msgpack({{"text", "a"}, {"to", "n"}, {"want", 3}}));
  CAF_CHECK(x.want == receipt_level::routed);
  auto became = unbox(decode_outcome(
    msgpack({{"kind", "outcome"}, {"want", 7}, {"nodes", 0.5}})));
  CAF_CHECK(became.want == receipt_level::routed && became.counts.nodes == 0);
}

CAF_TEST(a message of another kind is told from what is none) {
  for (json kind : {json("beat"), json(""), json(5), json(nullptr),
                    json({{"text", "kick"}})}) {
    auto bytes = msgpack({{"kind", kind}, {"text", "a"}, {"node", "n"}});
    CAF_CHECK(decode(bytes).error() == another_kind);
    CAF_CHECK(decode_outcome(bytes).error() == another_kind);
  }
  for (auto bytes : {"", "nonsense", "\x80", "\x90", "\xc0"}) {
    CAF_CHECK(decode(bytes).error() == caf::sec::invalid_argument);
    CAF_CHECK(decode_outcome(bytes).error() == caf::sec::invalid_argument);
  }
}

CAF_TEST(what is no message of ours is refused) {
  auto kept = encode(outcome{"p"});
  for (size_t size = 0; size < kept.size(); ++size)
    CAF_CHECK(!decode_outcome(kept.substr(0, size)));
  CAF_CHECK(!decode_outcome(encode(kick{"p"})));
}

CAF_TEST(what nests deeper than a parser may go is refused) {
  for (auto opening : {"\x91"s, "\x81\xa1x"s}) {
    std::string bytes;
    for (int i = 0; i < 100'000; ++i)
      bytes += opening;
    CAF_CHECK(!decode(bytes));
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
  CAF_MESSAGE("and an id that is not is none");
  CAF_CHECK(!decode("\x82\xa4kind\xa5trace\xa2id\xa1\xff"));
}

CAF_TEST(nobody keeps a push until the end of time) {
  auto x = decoded("\x82\xa4text\xa0\xa3ttl\xcf\xba\0\0\0\0\0\0\0"s);
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

CAF_TEST(limits of a push survive the way between nodes) {
  push push{"p", make_text("a")};
  push.collapse = "k";
  push.fresh = 30s;
  push.retain = 60s;
  push.context = trace_context{1, 2, 3};
  auto x = decoded(encode(push));
  CAF_CHECK_EQUAL(x.collapse, "k");
  CAF_CHECK(x.fresh == 30s && x.retain == 60s);
  CAF_CHECK(x.context == push.context);
  CAF_CHECK_EQUAL(x.body, push.body);
  auto is_known = [](const delivery_counts& counts) {
    outcome outcome{"p", receipt_level::written, false, counts};
    return unbox(decode_outcome(encode(outcome))).counts == counts;
  };
  delivery_counts counts;
  counts.superseded = 1;
  counts.expired = 2;
  CAF_CHECK(is_known(counts));
}

} // namespace codec_suite
