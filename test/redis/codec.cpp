#define CAF_SUITE codec

#include "redis/codec.hpp"

#include <caf/test/dsl.hpp>

using namespace waybill;
using namespace waybill::redis;
using namespace std::string_literals;

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
  push what{"p", make_text("a")};
  what.want = level::received;
  what.reply_to = "n1";
  what.ttl = std::chrono::seconds{5};
  auto bytes = encode(what);
  CAF_MESSAGE("a push that is kept is complete when Redis has named its entry");
  CAF_CHECK(!decode(bytes));
  append_entry(bytes, "1700000000000-12");
  auto x = unbox(decode(bytes));
  CAF_CHECK(x.want == level::received);
  CAF_CHECK_EQUAL(x.reply_to, "n1");
  CAF_CHECK(x.ttl == what.ttl);
  CAF_CHECK_EQUAL(x.entry, "1700000000000-12");
}

CAF_TEST(pushes for a purpose of ours survive the way between nodes) {
  push what{"p"};
  what.what = push::purpose::kick;
  CAF_CHECK(unbox(decode(encode(what))).what == push::purpose::kick);
  what.what = push::purpose::inspect;
  what.reply_to = "n1";
  auto x = unbox(decode(encode(what)));
  CAF_CHECK(x.what == push::purpose::inspect);
  CAF_CHECK_EQUAL(x.reply_to, "n1");
  what.what = push::purpose::figures;
  CAF_CHECK(unbox(decode(encode(what))).what == push::purpose::figures);
  what.what = push::purpose::trace;
  what.body = make_text("连接");
  x = unbox(decode(encode(what)));
  CAF_CHECK(x.what == push::purpose::trace);
  CAF_CHECK_EQUAL(x.body, what.body);
  what.what = push::purpose::claim;
  x = unbox(decode(encode(what) + std::string{"\xcf\0\0\0\0\0\0\1\2", 9}));
  CAF_CHECK(x.what == push::purpose::claim);
  CAF_CHECK_EQUAL(x.claim, 258u);
}

CAF_TEST(what nodes tell each other survives the way) {
  report first{"p1", "n1"};
  first.counts = {1, 2, 3, 4, 5, 6};
  report second{"p2", "n1"};
  second.settled = true;
  second.details = {{"n2", "[::1]:80", 6, 7}};
  second.trace = {{"", hop::last_kind, -1, "p", 2, "peer", 3, "why"}};
  second.figures = {{"joins", 8}};
  auto x = unbox(
    decode_node_message(encode(node_message{"n2", {first, second}, "p3"})));
  CAF_CHECK_EQUAL(x.node, "n2");
  CAF_CHECK_EQUAL(x.probe, "p3");
  CAF_REQUIRE_EQUAL(x.reports.size(), 2u);
  CAF_CHECK(x.reports[0].counts == first.counts);
  CAF_CHECK_EQUAL(x.reports[0].node, "n2");
  CAF_CHECK(!x.reports[0].settled && x.reports[1].settled);
  CAF_CHECK(x.reports[1].details == second.details);
  CAF_CHECK(x.reports[1].trace == second.trace);
  CAF_CHECK(x.reports[1].figures == second.figures);
}

CAF_TEST(what became of a push survives Redis) {
  outcome what{"p", level::written, true, {1, 2, 3, 4, 5, 7}, 6};
  auto x = unbox(decode_outcome(encode(what)));
  CAF_CHECK_EQUAL(x.push, "p");
  CAF_CHECK(x.want == level::written && x.kept && x.unknown == 6);
  CAF_CHECK(x.counts == what.counts);
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
  CAF_CHECK(!decode_node_message(std::string(100'000, '\x91')));
  CAF_CHECK(!decode_outcome(std::string(100'000, '\x91')));
  CAF_MESSAGE("a fraction is no number, and there are three levels");
  auto half = "\xcb\x3f\xe0\0\0\0\0\0\0"s;
  CAF_CHECK(!decode_outcome(kept.substr(0, kept.size() - 1) + half));
  kept[3] = 3;
  CAF_CHECK(!decode_outcome(kept));
}

CAF_TEST(what is no push is refused) {
  auto good = encode(push{"p", make_text("text")});
  for (size_t size = 0; size < good.size(); ++size)
    CAF_CHECK(!decode(good.substr(0, size)));
  CAF_CHECK(!decode(good + "x"));
  CAF_CHECK(!decode("{\"push\":1}"));
  CAF_CHECK(!decode(std::string(100'000, '\x91')));
  CAF_MESSAGE("a text that is not UTF-8 would end the client's connection");
  CAF_CHECK(!decode("\x81\xa4text\xa1\xff"));
  CAF_MESSAGE("nobody keeps one until the end of time");
  CAF_CHECK(!decode("\x82\xa4text\xa0\xa3ttl\xcf\xba\0\0\0\0\0\0\0"s));
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
