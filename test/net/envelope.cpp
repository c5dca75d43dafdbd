#define CAF_SUITE envelope

#include "net/envelope.hpp"

#include <caf/test/dsl.hpp>

namespace envelope_suite {

using namespace waybill;
using waybill::net::enclose;

namespace {

const auto id456 = push_address::id("456");

/// Returns the envelope of a push.
std::string enclosed(const push& push, const push_address& address = id456) {
  frame frame{push.body, std::make_unique<const delivery_info>(
                           address, push, delivery_info::time_point{})};
  auto result = enclose(frame);
  CAF_CHECK(result.type() == payload::format::text);
  return std::string{result.bytes()};
}

/// Returns a push that is kept.
push kept(std::string id, std::string text) {
  push result{std::move(id), make_text(std::move(text))};
  result.entry = "1-0";
  return result;
}

} // namespace

CAF_TEST(a push has a name) {
  CAF_CHECK_EQUAL(enclosed({"p1", make_text("hi")}),
                  R"({"push":"p1","data":"hi"})");
}

CAF_TEST(a kept push says so) {
  CAF_CHECK_EQUAL(enclosed(kept("p1", "hi")),
                  R"({"push":"p1","kept":true,"data":"hi"})");
}

CAF_TEST(a push to a topic names the topic) {
  CAF_CHECK_EQUAL(
    enclosed({"p1", make_text("hi")}, push_address::topic("a:\"b\"")),
    R"({"push":"p1","topic":"a:\"b\"","data":"hi"})");
  CAF_CHECK_EQUAL(enclosed({"p1", make_text("hi")}, push_address::everyone()),
                  R"({"push":"p1","data":"hi"})");
}

CAF_TEST(a push of the open channel has no name) {
  CAF_CHECK_EQUAL(enclosed({"", make_text("hi")}), R"({"data":"hi"})");
}

CAF_TEST(a text is a string of JSON) {
  CAF_CHECK_EQUAL(enclosed({"p", make_text("{\"a\":1}\n连接")}),
                  R"({"push":"p","data":"{\"a\":1}\n连接"})");
  CAF_CHECK_EQUAL(enclosed({"p", make_text("")}), R"({"push":"p","data":""})");
}

CAF_TEST(bytes are base64) {
  CAF_CHECK_EQUAL(enclosed({"p", {payload::format::binary, "\xff"}}),
                  R"({"push":"p","base64":"/w=="})");
  CAF_CHECK_EQUAL(enclosed({"p", {payload::format::binary, ""}}),
                  R"({"push":"p","base64":""})");
}

CAF_TEST(an envelope is UTF - 8 whatever the name of the push is) {
  CAF_CHECK_EQUAL(enclosed({"\xff", make_text("hi")}),
                  "{\"push\":\"\xef\xbf\xbd\",\"data\":\"hi\"}");
}

} // namespace envelope_suite
