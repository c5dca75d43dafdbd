#define CAF_SUITE push_options

#include "net/api/push_options.hpp"

#include <caf/test/dsl.hpp>

namespace push_options_suite {

using namespace waybill;
using namespace waybill::net;
using namespace std::chrono_literals;

namespace {

using parameters = std::map<std::string, std::string>;

using texts = std::vector<std::string>;

const auto id456 = push_address::id("456");
const auto news = push_address::topic("news");

push_options parse(const parameters& query,
                   const push_address& address = id456) {
  auto result = parse_push_options(query, address);
  if (auto wrong = std::get_if<response>(&result))
    CAF_FAIL(wrong->body.dump());
  return std::get<push_options>(result);
}

/// Returns what a pusher reads who sends these parameters; empty if they are
/// taken.
std::string refusal(const parameters& query,
                    const push_address& address = id456) {
  auto result = parse_push_options(query, address);
  auto wrong = std::get_if<response>(&result);
  if (!wrong)
    return "";
  CAF_CHECK_EQUAL(wrong->status, http::status::bad_request);
  CAF_CHECK_EQUAL(wrong->body["error"], "bad_parameter");
  return wrong->body["message"];
}

batch_line read_line(std::string_view text) {
  auto result = parse_line(text);
  if (auto wrong = std::get_if<response>(&result))
    CAF_FAIL(text << ": " << wrong->body.dump());
  return std::get<batch_line>(result);
}

/// Returns what a pusher reads who sends this line; empty if it is taken.
std::string line_refusal(std::string_view text) {
  auto result = parse_line(text);
  auto wrong = std::get_if<response>(&result);
  if (!wrong)
    return "";
  CAF_CHECK_EQUAL(wrong->status, http::status::bad_request);
  CAF_CHECK_EQUAL(wrong->body["error"], "bad_line");
  return wrong->body["message"];
}

using lines = std::vector<std::string_view>;

constexpr auto bad_ttl = "set ttl to a number of seconds, up to a year";
constexpr auto not_kept = "set ttl only for a push to an id";

/// Texts that are no number of seconds up to a year.
const std::initializer_list<const char*> bad_ttls = {"31536001",
                                                     "9223372036854775807",
                                                     "9223372036854775808",
                                                     "18446744073709551616",
                                                     "-1",
                                                     "1.0",
                                                     "1e3"};

} // namespace

CAF_TEST(a push without parameters waits five seconds to be routed) {
  auto options = parse({});
  CAF_CHECK(options.want == receipt_level::routed);
  CAF_CHECK(options.wait == 5s);
  CAF_CHECK(options.ttl == 0s);
}

CAF_TEST(all parameters are taken together) {
  auto options
    = parse({{"receipt", "received"}, {"wait", "250ms"}, {"ttl", "60"}});
  CAF_CHECK(options.want == receipt_level::received);
  CAF_CHECK(options.wait == 250ms);
  CAF_CHECK(options.ttl == 60s);
}

CAF_TEST(a receipt has one of three levels) {
  CAF_CHECK(parse({{"receipt", "routed"}}).want == receipt_level::routed);
  CAF_CHECK(parse({{"receipt", "written"}}).want == receipt_level::written);
  for (auto bad : {"", "unknown", "Written", "written ", "2", "read"})
    CAF_CHECK_EQUAL(refusal({{"receipt", bad}}),
                    "set receipt to routed, written or received");
}

CAF_TEST(a wait is a duration of up to a year) {
  CAF_CHECK(parse({{"wait", "0s"}}).wait == 0s);
  CAF_CHECK(parse({{"wait", "8760h"}}).wait == 8760h);
  for (auto bad : {"", "5", "s", "-5s", "8761h", "5 s", "1.5s", "5S"})
    CAF_CHECK_EQUAL(refusal({{"wait", bad}}),
                    "set wait to a duration such as 5s, 500ms or 10m");
}

CAF_TEST(a push is kept for a whole number of seconds up to a year) {
  CAF_CHECK(parse({{"ttl", "0"}}).ttl == 0s);
  CAF_CHECK(parse({{"ttl", "1"}}).ttl == 1s);
  CAF_CHECK(parse({{"ttl", "007"}}).ttl == 7s);
  CAF_CHECK(parse({{"ttl", "31536000"}}).ttl == longest_ttl);
  for (auto bad : bad_ttls)
    CAF_CHECK_EQUAL(refusal({{"ttl", bad}}), bad_ttl);
  for (auto bad : {"", "-0", "+1", " 1", "1 ", "60s", "0x10", "one"})
    CAF_CHECK_EQUAL(refusal({{"ttl", bad}}), bad_ttl);
  CAF_CHECK_EQUAL(refusal({{"ttl", std::string{"1\0", 2}}}), bad_ttl);
}

CAF_TEST(what cannot be kept may say so but not ask for more) {
  CAF_CHECK(parse({{"ttl", "0"}}, news).ttl == 0s);
  CAF_CHECK_EQUAL(refusal({{"ttl", "1"}}, news), not_kept);
  CAF_CHECK_EQUAL(refusal({{"ttl", "x"}}, news), bad_ttl);
}

CAF_TEST(a push may replace older ones of its key) {
  CAF_CHECK_EQUAL(parse({}).collapse, "");
  for (auto& good : texts{"a", "price-7", "~", std::string(64, 'x')})
    CAF_CHECK_EQUAL(parse({{"collapse", good}}).collapse, good);
  for (auto& bad : texts{"", "a b", "\t", "ä", std::string(65, 'x')})
    CAF_CHECK_EQUAL(refusal({{"collapse", bad}}),
                    "set collapse to 1 to 64 visible ASCII characters");
  for (auto address : {news, push_address::everyone()})
    CAF_CHECK_EQUAL(refusal({{"collapse", "a"}}, address),
                    "set collapse only for a push to an id");
}

CAF_TEST(a push may be fresh for a time) {
  CAF_CHECK(parse({}).fresh == 0ms);
  for (auto address : {id456, news, push_address::everyone()})
    CAF_CHECK(parse({{"fresh", "30s"}}, address).fresh == 30s);
  for (auto bad : {"", "0s", "30", "-1s", "soon"})
    CAF_CHECK_EQUAL(refusal({{"fresh", bad}}),
                    "set fresh to a duration such as 30s, 500ms or 10m");
}

CAF_TEST(a push may be the last value of its topic) {
  CAF_CHECK(!parse({}, news).retain);
  CAF_CHECK(parse({{"retain", "0"}}, news).retain == 0s);
  CAF_CHECK(parse({{"retain", "60"}}, news).retain == 60s);
  CAF_CHECK_EQUAL(refusal({{"retain", "x"}}, news),
                  "set retain to a number of seconds, up to a year");
  for (auto address : {id456, push_address::everyone()})
    CAF_CHECK_EQUAL(refusal({{"retain", "1"}}, address),
                    "set retain only for a push to a topic");
}

CAF_TEST(a line has the options of its address) {
  auto line = read_line(R"({"collapse":"a","fresh":"1s","to":"4","message":"",)"
                        R"("ttl":5,"retain":null})");
  CAF_CHECK_EQUAL(line.options.collapse, "a");
  CAF_CHECK(line.options.fresh == 1s && line.options.ttl == 5s);
  line = read_line(R"({"retain":60,"topic":"news","message":""})");
  CAF_CHECK(line.options.retain == 60s);
  for (auto bad : {R"({"retain":60,"to":"4","message":""})",
                   R"({"collapse":"a","topic":"4","message":""})",
                   R"({"collapse":1,"to":"4","message":""})",
                   R"({"fresh":1,"to":"4","message":""})",
                   R"({"topic":"news","message":"","retain":0})"})
    CAF_CHECK_NOT_EQUAL(line_refusal(bad), "");
}

CAF_TEST(a parameter that is unknown is refused) {
  for (auto name : {"", "TTL", "ttl ", "receipts", "detail", "key"})
    CAF_CHECK_EQUAL(refusal({{name, "1"}}),
                    "use only the parameters receipt, wait, ttl, collapse, "
                    "fresh and retain");
}

CAF_TEST(the lines of a body are those that are not blank) {
  CAF_CHECK_EQUAL(lines_of(""), lines{});
  CAF_CHECK_EQUAL(lines_of("\n"), lines{});
  CAF_CHECK_EQUAL(lines_of("\r\n \t\n\n  "), lines{});
  CAF_CHECK_EQUAL(lines_of("a"), lines{"a"});
  CAF_CHECK_EQUAL(lines_of("a\nb"), (lines{"a\n", "b"}));
  CAF_CHECK_EQUAL(lines_of("\n\na\r\n\r\n b \n"), (lines{"a\r\n", " b \n"}));
  CAF_CHECK_EQUAL(lines_of("a\rb"), lines{"a\rb"});
}

CAF_TEST(a line goes to an id or a topic or everyone) {
  auto line = read_line(R"({"to":"456","message":"hello","ttl":60})");
  CAF_CHECK_EQUAL(line.address, push_address::id("456"));
  CAF_CHECK_EQUAL(line.message, "hello");
  CAF_CHECK(line.options.ttl == 60s);
  line = read_line(R"( {"message":"a","topic":"news"} )"
                   "\r\n");
  CAF_CHECK_EQUAL(line.address, push_address::topic("news"));
  CAF_CHECK(line.options.ttl == 0s);
  line = read_line(R"({"all":true,"message":""})");
  CAF_CHECK_EQUAL(line.address, push_address::everyone());
  CAF_CHECK_EQUAL(line.message, "");
}

CAF_TEST(members without a value are left out) {
  auto line = read_line(
    R"({"to":null,"topic":"a","all":null,"ttl":null,"message":"b"})");
  CAF_CHECK_EQUAL(line.address, push_address::topic("a"));
  CAF_CHECK_EQUAL(line_refusal(R"({"to":"4","message":null})"),
                  "set message to a string");
}

CAF_TEST(a line is one JSON object) {
  for (auto bad :
       {"", "null", "1", "\"a\"", "[]", "[{}]", "{", "{}}", "{} {}", "nonsense",
        R"({"to":"4","message":"a",})", R"({'to':'4','message':'a'})",
        "{\"to\":\"4\",\"message\":\"\xff\"}",
        "{\"to\":\"4\",\"message\":\"a\nb\"}"})
    CAF_CHECK_EQUAL(line_refusal(bad), "send a JSON object on each line");
  CAF_CHECK_EQUAL(line_refusal(std::string(100'000, '[')),
                  "send a JSON object on each line");
}

CAF_TEST(a line has a message and one address) {
  for (auto bad : {"{}", R"({"to":"4"})", R"({"message":"a"})", R"({"ttl":1})",
                   R"({"to":"4","topic":"b","message":"a"})",
                   R"({"to":"4","all":true,"message":"a"})",
                   R"({"to":"4","topic":"b","all":true,"message":"a"})"})
    CAF_CHECK_EQUAL(line_refusal(bad),
                    "send a message and one of to, topic and all");
}

CAF_TEST(a line with other members is refused) {
  for (auto bad :
       {R"({"to":"4","message":"a","wait":"5s"})", R"({"":"4","message":"a"})",
        R"({"To":"4","message":"a"})", R"({"to":"4","message":"a","x":null})",
        R"({"to":"4","message":"a","x":{"y":[1,{"z":2}]}})"})
    CAF_CHECK_EQUAL(line_refusal(bad),
                    "use only the members to, topic, all, message, ttl, "
                    "collapse, fresh and retain");
}

CAF_TEST(addresses in a line are strings that are names) {
  const std::string longest(256, 'a');
  CAF_CHECK_EQUAL(
    read_line(R"({"to":")" + longest + R"(","message":"a"})").address,
    push_address::id(longest));
  for (auto member : {"to", "topic"})
    for (const auto& bad :
         {std::string{"456"}, std::string{"true"}, std::string{"[]"},
          std::string{R"({"id":"456"})"}, std::string{R"("")"},
          std::string{R"("a/b")"}, std::string{R"("a\u0000")"},
          std::string{R"("a\n")"}, '"' + longest + "a\""}) {
      auto line
        = std::string{"{\""} + member + "\":" + bad + R"(,"message":"a"})";
      CAF_MESSAGE(line);
      CAF_CHECK_EQUAL(line_refusal(line), "send a valid name in to or topic");
    }
  for (auto bad : {"false", "1", "\"true\"", "[]", "{}"})
    CAF_CHECK_EQUAL(
      line_refusal(std::string{R"({"message":"a","all":)"} + bad + '}'),
      "set all to true, or omit it");
}

CAF_TEST(a message is a string) {
  for (auto bad : {"1", "true", "[\"a\"]", R"({"a":{"b":1}})"})
    CAF_CHECK_EQUAL(
      line_refusal(std::string{R"({"to":"4","message":)"} + bad + '}'),
      "set message to a string");
}

CAF_TEST(a message is decoded once and is always text) {
  auto message = [](std::string_view escaped) {
    return read_line(R"({"to":"4","message":")" + std::string{escaped} + "\"}")
      .message;
  };
  CAF_CHECK_EQUAL(message(R"(\u8fde \\u8fde\/\n)"), "连 \\u8fde/\n");
  CAF_CHECK_EQUAL(message(R"(\ud83d\ude00)"), "😀");
  CAF_CHECK_EQUAL(message(R"(a\u0000b)"), (std::string{"a\0b", 3}));
  CAF_MESSAGE("half of a pair is no character");
  CAF_CHECK_EQUAL(message(R"(\ud83d!)"), "\ufffd!");
  CAF_CHECK_EQUAL(message(R"(\ude00)"), "\ufffd");
}

CAF_TEST(a line is kept for a whole number of seconds up to a year) {
  auto line = [](const std::string& ttl) {
    return R"({"to":"4","message":"a","ttl":)" + ttl + '}';
  };
  CAF_CHECK(read_line(line("0")).options.ttl == 0s);
  CAF_CHECK(read_line(line("31536000")).options.ttl == longest_ttl);
  for (auto bad : bad_ttls)
    CAF_CHECK_EQUAL(line_refusal(line(bad)), bad_ttl);
  for (auto bad : {"\"60\"", "true", "[]", "{}", "0.0"})
    CAF_CHECK_EQUAL(line_refusal(line(bad)), bad_ttl);
}

CAF_TEST(only a line for an id is kept) {
  for (auto address : {R"("topic":"a")", R"("all":true)"}) {
    auto line = std::string{R"({"message":"a",)"} + address + R"(,"ttl":)";
    CAF_CHECK_EQUAL(line_refusal(line + "0}"), "");
    CAF_CHECK_EQUAL(line_refusal(line + "1}"), not_kept);
  }
}

} // namespace push_options_suite
