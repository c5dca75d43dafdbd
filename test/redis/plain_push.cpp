#define CAF_SUITE plain_push

#include "redis/plain_push.hpp"

#include <caf/test/dsl.hpp>
#include <nlohmann/json.hpp>

#include "redis/codec.hpp"

namespace plain_push_suite {

using namespace waybill;
using namespace waybill::redis;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

using nlohmann::json;

std::string msgpack(const json& map) {
  std::string result;
  json::to_msgpack(map, result);
  return result;
}

/// Returns the bytes of a push as another implementation encodes them.
std::string expected_bytes(const push& push) {
  json result = {{"push", push.id}};
  auto bytes = push.body.bytes();
  if (push.body.type() == payload::format::text)
    result["text"] = bytes;
  else
    result["data"] = json::binary({bytes.begin(), bytes.end()});
  if (!push.reply_to.empty()) {
    result["to"] = push.reply_to;
    result["want"] = static_cast<unsigned>(push.want);
  }
  if (push.ttl.count() == 0)
    return msgpack(result);
  result["ttl"] = push.ttl.count();
  auto map = msgpack(result);
  ++map[0];
  return map + msgpack("entry");
}

bool equal(const push& x, const push& y) {
  return x.id == y.id && x.body == y.body && x.want == y.want
         && x.reply_to == y.reply_to && x.ttl == y.ttl && x.entry == y.entry;
}

/// Checks the bytes of a push, and that both readers read it.
void check(const push& push) {
  auto bytes = encode(push);
  CAF_CHECK(bytes == expected_bytes(push));
  if (push.ttl.count() > 0)
    append_entry(bytes, push.entry);
  auto plain = read_plain_push(bytes);
  CAF_REQUIRE(plain);
  CAF_CHECK(equal(*plain, push));
  auto any = unbox(decode_any(bytes));
  CAF_REQUIRE(std::holds_alternative<waybill::push>(any));
  CAF_CHECK(equal(std::get<waybill::push>(any), push));
}

payload data(std::string bytes) {
  return {payload::format::binary, std::move(bytes)};
}

} // namespace

CAF_TEST(a body of any size has the bytes that other releases expect) {
  for (size_t size : {0, 1, 31, 32, 255, 256, 65'535, 65'536, 200'000}) {
    CAF_MESSAGE(size);
    check({"p", make_text(std::string(size, 'x'))});
    check({"p", data(std::string(size, '\xff'))});
  }
}

CAF_TEST(so have an id and a node of any size) {
  for (size_t size : {0, 31, 32, 256}) {
    std::string name(size, 'n');
    check({name, make_text("a")});
    check({"p", make_text("a"), receipt_level::written, "n" + name});
  }
}

CAF_TEST(so has each part of a push) {
  for (auto& body : {make_text("连接"), make_text("a\0b"s), data("\xff\0"s)}) {
    push push{"p", body};
    for (auto want : {receipt_level::routed, receipt_level::written,
                      receipt_level::received}) {
      push.reply_to = "n1";
      push.want = want;
      check(push);
    }
    push.ttl = 1h;
    push.entry = "1700000000000-12";
    check(push);
    push.reply_to.clear();
    push.want = receipt_level::routed;
    check(push);
  }
}

CAF_TEST(so has each time to live) {
  push push{"p", make_text("a")};
  push.entry = "1-0";
  for (uint64_t ttl : {1ull, 127ull, 128ull, 255ull, 256ull, 65'535ull,
                       65'536ull, (1ull << 32) - 1, 1ull << 32}) {
    push.ttl = std::chrono::milliseconds{ttl};
    check(push);
  }
  push.ttl = longest_ttl;
  check(push);
}

CAF_TEST(numbers may be longer than they need and beyond their range) {
  auto read = [](const std::string& numbers) {
    auto bytes = "\x84\xa4push\xa1p\xa4text\xa1"
                 "a"
                 + numbers;
    auto plain = read_plain_push(bytes);
    CAF_REQUIRE(plain);
    CAF_CHECK(equal(*plain, std::get<push>(unbox(decode_any(bytes)))));
    return *plain;
  };
  auto push = read("\xa3ttl\xcd\x00\x05\xa4want\xcc\x01"s);
  CAF_CHECK(push.ttl == 5ms);
  CAF_CHECK(push.want == receipt_level::written);
  push = read("\xa3ttl\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xa4want\x03"s);
  CAF_CHECK(push.ttl == longest_ttl);
  CAF_CHECK(push.want == receipt_level::routed);
}

CAF_TEST(a part of a push is not read in place) {
  push kept{"p", make_text("text"), receipt_level::written, "n1", 1h, "1-0"};
  for (auto& x : {kept, push{"p", data("\xff\xfe")}, push{"p"}}) {
    auto bytes = encode(x);
    if (x.ttl.count() > 0)
      append_entry(bytes, x.entry);
    CAF_CHECK(read_plain_push(bytes));
    CAF_CHECK(!read_plain_push(bytes + '\0'));
    CAF_CHECK(!read_plain_push(bytes + "\xa1x\1"));
    for (size_t size = 0; size < bytes.size(); ++size)
      CAF_CHECK(!read_plain_push(bytes.substr(0, size)));
  }
}

CAF_TEST(a message of another form is left to the other reader) {
  auto is_plain = [](const std::string& bytes) {
    return read_plain_push(bytes).has_value();
  };
  CAF_MESSAGE("members that are unknown, missing, repeated or in disorder");
  CAF_CHECK(!is_plain(msgpack({{"push", "p"}, {"text", "a"}, {"new", 1}})));
  CAF_CHECK(!is_plain(msgpack({{"text", "a"}})));
  CAF_CHECK(!is_plain(msgpack({{"push", "p"}})));
  CAF_CHECK(!is_plain(
    msgpack({{"data", json::binary({1})}, {"push", "p"}, {"text", "a"}})));
  CAF_CHECK(!is_plain("\x83\xa4push\xa1p\xa4push\xa1q\xa4text\xa1"
                      "a"));
  CAF_CHECK(!is_plain("\x82\xa4text\xa1"
                      "a\xa4push\xa1p"));
  CAF_MESSAGE("another kind");
  CAF_CHECK(
    !is_plain(msgpack({{"kind", "kick"}, {"push", "p"}, {"text", "a"}})));
  CAF_MESSAGE("values of another type");
  CAF_CHECK(!is_plain(msgpack({{"push", 5}, {"text", "a"}})));
  CAF_CHECK(!is_plain(msgpack({{"push", "p"}, {"text", json::binary({1})}})));
  CAF_CHECK(!is_plain(msgpack({{"data", "a"}, {"push", "p"}})));
  CAF_CHECK(!is_plain(msgpack({{"data", json::binary({1}, 5)}, {"push", ""}})));
  CAF_CHECK(!is_plain(msgpack({{"push", "p"}, {"text", "a"}, {"ttl", -1}})));
  CAF_MESSAGE("no map, or one with a longer size");
  for (auto bytes : {"", "\x80", "\x90", "\xc0", "\xc1", "{}"})
    CAF_CHECK(!is_plain(bytes));
  CAF_CHECK(!is_plain("\xde\0\2\xa4push\xa1p\xa4text\xa1"
                      "a"s));
  CAF_MESSAGE("a text that is not UTF-8");
  CAF_CHECK(!is_plain("\x82\xa4push\xa1p\xa4text\xa1\xff"));
}

} // namespace plain_push_suite
