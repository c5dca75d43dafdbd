#define CAF_SUITE event_stream

#include "net/events/event_stream.hpp"

#include <caf/test/dsl.hpp>

#include "test/net/events/event_source.hpp"

namespace event_stream_suite {

using namespace std::chrono_literals;
using namespace std::string_literals;
using namespace waybill;
using namespace waybill::net;
using test::event_source;

namespace {

/// Returns the part behind the head.
std::string body_of(const std::string& bytes) {
  return bytes.substr(bytes.find("\r\n\r\n") + 4);
}

const auto busy = error_response(http::status::service_unavailable, "bus_away",
                                 "Redis says:\r\n\r\ndata: 1\n\n");

} // namespace

CAF_TEST(a stream begins with its head and the time to come back) {
  auto bytes = open_stream("", 1500ms);
  CAF_CHECK(bytes.starts_with("HTTP/1.1 200 OK\r\n"));
  for (auto field :
       {"Content-Type: text/event-stream", "Connection: close",
        "Cache-Control: no-store, no-transform", "X-Accel-Buffering: no"})
    CAF_CHECK(bytes.find("\r\n"s + field + "\r\n") != bytes.npos);
  CAF_CHECK(bytes.find("Access-Control") == bytes.npos);
  event_source client{body_of(bytes)};
  CAF_CHECK_EQUAL(client.retry, "1500");
  CAF_CHECK(client.events.empty());
}

CAF_TEST(a page of another origin may read a stream) {
  auto bytes = open_stream("https://a.example", 1500ms);
  CAF_CHECK(bytes.find("\r\nAccess-Control-Allow-Origin: https://a.example\r\n"
                       "Vary: Origin\r\n\r\n")
            != bytes.npos);
}

CAF_TEST(an orderly end keeps the position) {
  event_source client{
    "id: 5-0\ndata: x\n\n"
    + close_stream_text({close_code::going_away, "drain"}, {"5-0"}, 100ms)};
  CAF_CHECK_EQUAL(client.last_id, "5-0");
  CAF_CHECK_EQUAL(client.retry, "100");
  CAF_CHECK_EQUAL(client.events.size(), 1u);
  CAF_CHECK_EQUAL(client.comments, 1u);
}

CAF_TEST(a kicked or replaced client gets a final position) {
  for (auto code : {close_code::kicked, close_code::replaced}) {
    event_source client{close_stream_text({code, "why"}, {"5-0"}, 100ms)};
    auto position = event_position::parse(client.last_id);
    CAF_REQUIRE(position);
    CAF_CHECK_EQUAL(position->entry, "5-0");
    CAF_CHECK(position->is_final(std::chrono::system_clock::now()));
    CAF_CHECK(client.events.empty());
  }
}

CAF_TEST(a client may be told why its stream ends) {
  event_source client{"id: 5-0\n\n"
                      + close_event({close_code::going_away, "drain"})};
  CAF_REQUIRE_EQUAL(client.events.size(), 1u);
  CAF_CHECK(client.events[0]
            == (event_source::event{
              "close", R"({"code":1001,"reason":"drain"})", "5-0"}));
}

CAF_TEST(a client that can get no session now gets a stream that ends) {
  auto result = end_of_stream(busy, "https://a.example", 1500ms);
  CAF_CHECK(result.status == http::status::ok);
  auto bytes = serialize(result, {});
  CAF_CHECK(bytes.find("\r\nContent-Type: text/event-stream\r\n")
            != bytes.npos);
  CAF_CHECK(bytes.find("Access-Control-Allow-Origin") != bytes.npos);
  event_source client{body_of(bytes)};
  CAF_CHECK_EQUAL(client.retry, "1500");
  CAF_CHECK(client.events.empty());
  CAF_CHECK_EQUAL(client.last_id, "");
  CAF_CHECK_EQUAL(client.comments, 1u);
}

CAF_TEST(only trouble that may pass becomes a stream) {
  CAF_CHECK(may_pass(http::status::service_unavailable));
  CAF_CHECK(may_pass(http::status::too_many_requests));
  for (auto status : {http::status::no_content, http::status::bad_request,
                      http::status::unauthorized, http::status::forbidden})
    CAF_CHECK(!may_pass(status));
}

CAF_TEST(lifetimes are spread) {
  for (int i = 0; i < 100; ++i) {
    auto lifetime = spread_lifetime(300s);
    CAF_CHECK(lifetime >= 240s && lifetime <= 360s);
  }
}

} // namespace event_stream_suite
