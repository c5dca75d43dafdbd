#define CAF_SUITE resp

#include "redis/resp.hpp"

#include <caf/test/dsl.hpp>

#include "actors/core/errc.hpp"

namespace resp_suite {

using namespace waybill::redis;
using namespace std::string_literals;

CAF_TEST(a command holds any bytes) {
  std::string out = "x";
  append(out, {"SET", "a b\r\n", "\0%s"s});
  CAF_CHECK_EQUAL(out, "x*3\r\n$3\r\nSET\r\n$5\r\na b\r\n\r\n"
                       "$3\r\n\0%s\r\n"s);
}

CAF_TEST(replies come out as their bytes come in) {
  auto bytes = "+OK\r\n:42\r\n-ERR no\r\n$-1\r\n"
               "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$3\r\na\0b\r\n+PONG\r\n"s;
  reply_reader reader;
  std::vector<reply> all;
  for (char c : bytes) {
    reader.feed({&c, 1});
    while (auto x = reader.next())
      all.push_back(*std::move(x));
  }
  CAF_REQUIRE_EQUAL(all.size(), 6u);
  CAF_CHECK(all[0].type == reply::kind::text && all[0].text == "OK");
  CAF_CHECK(all[1].type == reply::kind::number && all[1].number == 42);
  CAF_CHECK(all[2].type == reply::kind::error && all[2].text == "ERR no");
  CAF_CHECK(all[3].type == reply::kind::nil);
  CAF_REQUIRE_EQUAL(all[4].items.size(), 3u);
  CAF_CHECK_EQUAL(all[4].items[2].text, "a\0b"s);
  CAF_CHECK(all[5].text == "PONG" && all[5].items.empty());
}

CAF_TEST(bytes that are not RESP are refused) {
  reply_reader reader;
  reader.feed("HTTP/1.1 400\r\n");
  try {
    reader.next();
    CAF_ERROR("no exception");
  } catch (const std::runtime_error& e) {
    CAF_CHECK_NOT_EQUAL(std::string{e.what()}, "");
  }
}

CAF_TEST(a reply is a number if it can be one) {
  auto number = [](reply x) { return unbox(number_of(std::move(x))); };
  CAF_CHECK_EQUAL(number({reply::kind::number, 3}), 3u);
  CAF_CHECK_EQUAL(number({reply::kind::text, 0, "12-3"}), 12u);
  CAF_CHECK_EQUAL(number({reply::kind::text, 0, "x"}), 0u);
  CAF_CHECK_EQUAL(number({}), 0u);
  CAF_CHECK(number_of(reply{reply::kind::list}).error()
            == waybill::errc::refused);
  CAF_CHECK(number_of(caf::error{waybill::errc::busy}).error()
            == waybill::errc::busy);
}

} // namespace resp_suite
