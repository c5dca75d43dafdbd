#define CAF_SUITE channel_message

#include "redis/channel_message.hpp"

#include <string>

#include <caf/test/dsl.hpp>

namespace channel_message_suite {

using namespace waybill::redis;
using namespace std::string_literals;

namespace {

const auto plain = "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$4\r\na\0\r\n\r\n"s;
const auto sharded = "*3\r\n$8\r\nsmessage\r\n$2\r\ncd\r\n$0\r\n\r\n"s;

} // namespace

CAF_TEST(takes messages from the beginning of bytes) {
  auto all = plain + sharded + "+OK\r\n";
  std::string_view rest = all;
  auto first = take_message(rest);
  CAF_REQUIRE(first);
  CAF_CHECK_EQUAL(first->channel, "c");
  CAF_CHECK(first->text == "a\0\r\n"s);
  auto second = take_message(rest);
  CAF_REQUIRE(second);
  CAF_CHECK_EQUAL(second->channel, "cd");
  CAF_CHECK_EQUAL(second->text, "");
  CAF_CHECK(!take_message(rest));
  CAF_CHECK_EQUAL(rest, "+OK\r\n");
}

CAF_TEST(takes no part of a message) {
  for (auto& whole : {plain, sharded})
    for (size_t size = 0; size < whole.size(); ++size) {
      auto part = std::string_view{whole}.substr(0, size);
      CAF_CHECK(!take_message(part));
      CAF_CHECK_EQUAL(part.size(), size);
    }
}

CAF_TEST(takes nothing else) {
  for (std::string_view other : {
         "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n",
         "*3\r\n$7\r\nmessage\r\n$-1\r\n$1\r\nx\r\n",
         "*3\r\n$7\r\nmessage\r\n$\r\n$1\r\nx\r\n",
         "*3\r\n$7\r\nmessage\r\n$01\r\nc\r\n$1\r\nx\r\n",
         "*3\r\n$7\r\nmessage\r\n:1\r\n$1\r\nx\r\n",
         "*3\r\n$7\r\nmessage\r\n$1\r\ncc\r\n$1\r\nx\r\n",
         "*3\r\n$7\r\nmessage\r\n$99999999999999999999999\r\nc\r\n$1\r\nx\r\n",
         "*3\r\n$7\r\nmessage\r\n$18446744073709551615\r\nc\r\n$1\r\nx\r\n",
         "*4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$1\r\nc\r\n$1\r\nx\r\n",
       }) {
    auto rest = other;
    CAF_CHECK(!take_message(rest));
    CAF_CHECK_EQUAL(rest, other);
  }
}

} // namespace channel_message_suite
