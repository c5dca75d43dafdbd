#define CAF_SUITE ingress_message

#include "redis/ingress_message.hpp"

#include <caf/test/dsl.hpp>

namespace ingress_message_suite {

using namespace waybill;
using namespace waybill::redis;

namespace {

constexpr size_t limit = 1000;

/// Returns the id and the text of a message, or the error.
std::string parse(std::string_view json) {
  auto x = parse_ingress(json, limit);
  if (!x)
    return "!" + x.error().context().get_as<std::string>(0);
  return x->id + ' ' + std::string{x->body.bytes()};
}

const std::string bad_key = "!KEY is neither an id nor an integer of 64 bits";

} // namespace

CAF_TEST(KEY is a string that is an id) {
  CAF_CHECK_EQUAL(parse(R"({"KEY":"456","VALUE":"aaaa"})"), "456 aaaa");
  CAF_CHECK_EQUAL(parse(R"({"VALUE":"aaaa","KEY":"4\u0035\u0036"})"),
                  "456 aaaa");
  CAF_CHECK_EQUAL(parse(R"({"\u004bEY":"连接","VALUE":""})"), "连接 ");
  for (auto key : {R"("")", R"("a/b")", R"("a\nb")", R"("\u0000")"})
    CAF_CHECK_EQUAL(parse(R"({"VALUE":1,"KEY":)" + std::string{key} + "}"),
                    bad_key);
}

CAF_TEST(KEY is an integer of 64 bits taken exactly) {
  for (auto key : {"0", "456", "9007199254740993", "18446744073709551615",
                   "-9223372036854775808"})
    CAF_CHECK_EQUAL(parse(R"({"VALUE":"","KEY":)" + std::string{key} + "}"),
                    std::string{key} + ' ');
  for (auto key : {"1.0", "1e3", "-0.0", "18446744073709551616",
                   "-9223372036854775809", "true", "null", "[1]", "{}"})
    CAF_CHECK_EQUAL(parse(R"({"VALUE":"","KEY":)" + std::string{key} + "}"),
                    bad_key);
}

CAF_TEST(VALUE that is a string is sent as its text) {
  CAF_CHECK_EQUAL(parse(R"({"KEY":1,"VALUE":"a \"b\" \\ \u8fde\ud83d\ude00"})"),
                  "1 a \"b\" \\ 连😀");
}

CAF_TEST(half an emoji is sent as U + FFFD) {
  CAF_CHECK_EQUAL(parse(R"({"KEY":1,"VALUE":"hi \ud83d"})"), "1 hi \ufffd");
  CAF_CHECK_EQUAL(parse(R"({"KEY":1,"VALUE":["\ud83d"]})"), "1 [\"\\ufffd\"]");
  CAF_MESSAGE("but is refused in an id");
  CAF_CHECK_EQUAL(parse(R"({"KEY":"\ude00","VALUE":"hi"})"),
                  "!KEY has half of a surrogate pair");
}

CAF_TEST(other VALUEs are sent as they stand less insignificant white space) {
  CAF_CHECK_EQUAL(parse("{ \"KEY\" : 1 ,\t\"VALUE\" :\r\n { \"a b\" : [ 1.0 , "
                        "1e5, -0 ] , \"c\" : \"\\u0041 \\\" }\" } }"),
                  R"(1 {"a b":[1.0,1e5,-0],"c":"\u0041 \" }"})");
  for (auto value : {"1.50", "-0", "true", "null", "[]", "{}",
                     "123456789012345678901234567890"})
    CAF_CHECK_EQUAL(parse(R"({"KEY":1,"VALUE":)" + std::string{value} + "}"),
                    "1 " + std::string{value});
}

CAF_TEST(other members are ignored and the last of a name counts) {
  CAF_CHECK_EQUAL(parse(R"({"KEY":0,"X":{"KEY":[2]},"KEY":1,"VALUE":"a"})"),
                  "1 a");
  CAF_CHECK_EQUAL(parse("\xef\xbb\xbf{\"KEY\":1,\"VALUE\":\"a\"}"), "1 a");
}

CAF_TEST(what cannot be understood is refused with a reason) {
  CAF_CHECK_EQUAL(parse(""), "!not JSON at byte 1");
  CAF_CHECK_EQUAL(parse("{\"KEY\":456,"), "!not JSON at byte 12");
  CAF_CHECK_EQUAL(parse("[]"), "!not an object");
  CAF_CHECK_EQUAL(parse("456"), "!not an object");
  CAF_CHECK_EQUAL(parse("{}"), "!KEY is missing");
  CAF_CHECK_EQUAL(parse(R"({"VALUE":1})"), "!KEY is missing");
  CAF_CHECK_EQUAL(parse(R"({"KEY":1})"), "!VALUE is missing");
  CAF_CHECK_EQUAL(
    parse(R"({"KEY":1,"VALUE":")" + std::string(1001, 'x') + "\"}"),
    "!VALUE has more than 1000 bytes");
  for (auto bad :
       {R"({"KEY":1,"VALUE":"\ud80"})", "{\"KEY\":1,\"VALUE\":\"\xff\"}",
        R"({"KEY":1,"VALUE":1} x)", R"({"KEY":1,"VALUE":01})"})
    CAF_CHECK(parse(bad).starts_with("!not JSON"));
}

CAF_TEST(what is too long to hold a payload is not even looked at) {
  auto padded = [](size_t size) {
    std::string end = R"(","VALUE":"a","KEY":1})";
    return R"({"a":")" + std::string(size - end.size() - 6, 'x') + end;
  };
  CAF_CHECK_EQUAL(parse(padded(73'536)), "1 a");
  CAF_CHECK_EQUAL(parse(padded(73'537)),
                  "!the message has more than 73536 bytes");
}

CAF_TEST(what is nested deep is refused or passes but never overflows) {
  auto nested = [](size_t depth) {
    return R"({"KEY":1,"VALUE":)" + std::string(depth, '[')
           + std::string(depth, ']') + '}';
  };
  CAF_CHECK_EQUAL(parse(nested(400)),
                  "1 " + std::string(400, '[') + std::string(400, ']'));
  CAF_CHECK_EQUAL(parse(nested(30'000)), "!nested too deep");
}

CAF_TEST(a message in its usual form is read in place) {
  auto read = [](std::string_view json) {
    auto x = read_plain_ingress(json, limit);
    return x ? std::string{x->id} + ' ' + std::string{x->text} : "full";
  };
  CAF_CHECK_EQUAL(read(R"({"KEY":456,"VALUE":"aaaa"})"), "456 aaaa");
  CAF_CHECK_EQUAL(read(R"({"KEY": "a b", "VALUE": " 连接 "})"), "a b  连接 ");
  CAF_CHECK_EQUAL(read(R"( { "KEY" : 0 , "VALUE" : "" })"), "0 ");
  CAF_CHECK_EQUAL(read(R"({"KEY":999999999999999999,"VALUE":"a"})"),
                  "999999999999999999 a");
  CAF_MESSAGE("anything else is left to the full reader");
  for (auto other :
       {"", "{", R"({"KEY":456,"VALUE":"a"} )", R"({"KEY":456,"VALUE":"a"}x)",
        R"({"KEY":456,"VALUE":"a\n"})", R"({"KEY":456,"VALUE":1})",
        R"({"KEY":-1,"VALUE":"a"})", R"({"KEY":01,"VALUE":"a"})",
        R"({"KEY":1000000000000000000,"VALUE":"a"})",
        R"({"KEY":1.0,"VALUE":"a"})", R"({"KEY":"a/b","VALUE":"a"})",
        R"({"KEY":"","VALUE":"a"})", R"({"VALUE":"a","KEY":456})",
        R"({"KEY":456,"VALUE":"a","X":1})", "{\"KEY\":456,\t\"VALUE\":\"a\"}",
        "{\"KEY\":456,\"VALUE\":\"\xff\"}", "{\"KEY\":456,\"VALUE\":\"\n\"}"})
    CAF_CHECK_EQUAL(read(other), "full");
  auto long_value = R"({"KEY":1,"VALUE":")" + std::string(limit, 'x');
  CAF_CHECK_EQUAL(read(long_value + R"("})"), "1 " + std::string(limit, 'x'));
  CAF_CHECK_EQUAL(read(long_value + R"(x"})"), "full");
}

} // namespace ingress_message_suite
