#define CAF_SUITE events_transport

#include "net/events/events_transport.hpp"

#include "test/net/connection_fixture.hpp"
#include "test/net/events/event_source.hpp"

namespace events_transport_suite {

using namespace waybill;
using namespace std::chrono_literals;
using namespace std::string_literals;
using boost::beast::test::fail_count;
using test::event_source;

namespace {

struct stream_fixture : test::connection_fixture {
  /// Opens a stream of 456, and returns what comes behind its head.
  std::string open(const std::string& query = "",
                   const std::string& fields = "") {
    connect();
    auto response = ask(request(query, fields));
    CAF_REQUIRE(response.starts_with("HTTP/1.1 200 OK\r\n"));
    return response.substr(response.find("\r\n\r\n") + 4);
  }

  static std::string request(const std::string& query = "",
                             const std::string& fields = "") {
    return "GET /events/456" + query + " HTTP/1.1\r\nHost: h\r\n" + fields
           + "\r\n";
  }

  /// Comes back as a browser does that has got `stream`.
  std::string come_back(const std::string& stream) {
    return open("", "Last-Event-ID: " + event_source{stream}.last_id + "\r\n");
  }

  void push(const payload& message, std::chrono::milliseconds ttl = 0ms) {
    waybill::push push{"p", message};
    push.ttl = ttl;
    context->api.actors.publish(push_address::id("456"), std::move(push),
                                [](const caf::expected<outcome>&) {});
  }

  /// Returns what came since the last call.
  std::string rest() { return ask(""); }

  /// Adds to `stream` what comes until it contains `text`.
  void run_until(std::string& stream, std::string_view text) {
    while (stream.find(text) == stream.npos) {
      io.restart();
      if (io.run_one_for(1s) == 0)
        CAF_FAIL("nothing comes after: " << stream);
      stream += rest();
    }
  }

  static std::vector<std::string> data_of(const std::string& stream) {
    std::vector<std::string> result;
    for (auto& event : event_source{stream}.events)
      result.push_back(event.data);
    return result;
  }

  uint64_t sessions() {
    uint64_t result = 0;
    context->api.actors.stats(
      [&](const metrics& x) { result = x[metric::event_sessions]; });
    turn();
    return result;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(events_transport_tests, stream_fixture)

CAF_TEST(a client gets the greeting and pushes) {
  event_source begin{open()};
  CAF_REQUIRE_EQUAL(begin.events.size(), 1u);
  CAF_CHECK(begin.events[0]
            == (event_source::event{"hello", "连接成功!", "0"}));
  CAF_CHECK_EQUAL(sessions(), 1u);
  push(make_text("hi"));
  CAF_CHECK_EQUAL(rest(), "data: hi\n\n");
  push({payload::format::binary, "\xff"});
  CAF_CHECK_EQUAL(rest(), "event: binary\ndata: /w==\n\n");
}

CAF_TEST(a client may ask for the names of pushes) {
  auto stream = open("?protocol=waybill.v1");
  push(make_text("hi"));
  push(make_text("a\nb"), 10s);
  stream += rest();
  auto events = event_source{stream}.events;
  CAF_REQUIRE_EQUAL(events.size(), 3u);
  CAF_CHECK_EQUAL(events[0].data, "连接成功!");
  CAF_CHECK_EQUAL(events[1].type, "push");
  CAF_CHECK_EQUAL(events[1].data, R"({"push":"p","data":"hi"})");
  CAF_CHECK_EQUAL(events[2].data, R"({"push":"p","kept":true,"data":"a\nb"})");
  CAF_CHECK(events[2].id != events[1].id);
  context->api.actors.kick(push_address::id("456"), [](const auto&) {});
  stream += rest();
  CAF_REQUIRE_EQUAL(event_source{stream}.events.size(), 4u);
  auto end = event_source{stream}.events[3];
  CAF_CHECK_EQUAL(end.type, "close");
  CAF_CHECK_EQUAL(end.data,
                  R"({"code":4500,"reason":"closed by an administrator"})");
  CAF_CHECK_EQUAL(end.id, events[2].id);
  CAF_MESSAGE("but not by a name that is not known");
  open("?protocol=waybill.v2");
  push(make_text("hi"));
  CAF_CHECK_EQUAL(rest(), "data: hi\n\n");
}

CAF_TEST(events are written whole and in order) {
  const std::string large(40'000, 'x');
  for (size_t size : {0, 1, 7, 1000}) {
    piece = size;
    auto begin = open();
    for (auto& text : {"a"s, large, "b\nc"s})
      push(make_text(text));
    CAF_CHECK_EQUAL(rest(),
                    "data: a\n\ndata: " + large + "\n\ndata: b\ndata: c\n\n");
    client->close();
    turn();
  }
  CAF_CHECK_EQUAL(sessions(), 0u);
}

CAF_TEST(a client confirms by coming back) {
  auto stream = open();
  for (auto text : {"1", "2", "3"})
    push(make_text(text), 10s);
  stream += rest();
  CAF_CHECK_EQUAL(data_of(stream),
                  (std::vector{"连接成功!"s, "1"s, "2"s, "3"s}));
  auto second = event_source{stream}.events[2].id;
  client->close();
  turn();
  push(make_text("4"), 10s);
  turn();
  auto next = open("", "Last-Event-ID: " + second + "\r\n");
  CAF_CHECK_EQUAL(data_of(next), (std::vector{"连接成功!"s, "3"s, "4"s}));
  CAF_CHECK(event_source{next}.events[0].id == second);
  client->close();
  turn();
  CAF_MESSAGE("whoever comes without a position gets what is not confirmed");
  CAF_CHECK_EQUAL(data_of(open()), (std::vector{"连接成功!"s, "3"s, "4"s}));
  client->close();
  turn();
  CAF_CHECK_EQUAL(data_of(come_back(next)), std::vector{"连接成功!"s});
  client->close();
  turn();
  CAF_CHECK_EQUAL(data_of(open()), std::vector{"连接成功!"s});
}

CAF_TEST(a client confirms by a request) {
  auto stream = open();
  push(make_text("1"), 10s);
  stream += rest();
  auto id = event_source{stream}.last_id;
  client->close();
  connect();
  auto answer = ask("POST /events/456/confirm?upto=" + id
                    + " HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
  CAF_CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  CAF_CHECK(answer.ends_with("{\"confirmed\":\"" + id + "\"}\n"));
  CAF_CHECK_EQUAL(data_of(open()), std::vector{"连接成功!"s});
}

CAF_TEST(a kicked client must not come back) {
  auto stream = open();
  push(make_text("1"), 10s);
  stream += rest();
  context->api.actors.kick(push_address::id("456"), [](const auto&) {});
  stream += rest();
  CAF_CHECK_EQUAL(data_of(stream), (std::vector{"连接成功!"s, "1"s}));
  CAF_CHECK(is_closed());
  connect();
  auto id = event_source{stream}.last_id;
  auto answer = ask(request("", "Last-Event-ID: " + id + "\r\n"));
  CAF_CHECK(answer.starts_with("HTTP/1.1 204 No Content\r\n"));
  CAF_MESSAGE("but another page may come, and what was read is confirmed");
  CAF_CHECK_EQUAL(data_of(open()), std::vector{"连接成功!"s});
}

CAF_TEST(a client that sends anything more is disconnected) {
  open();
  send("x");
  turn();
  CAF_CHECK(is_closed());
  CAF_CHECK_EQUAL(sessions(), 0u);
}

CAF_TEST(a stream has nothing behind its head) {
  connect();
  CAF_CHECK(ask(request() + "x").starts_with("HTTP/1.1 400 "));
  connect();
  CAF_CHECK(
    ask(request("", "Content-Length: 1\r\n")).starts_with("HTTP/1.1 400 "));
}

CAF_TEST(a node that drains answers with a stream that ends) {
  self->send(entrance, drain_atom_v);
  settle();
  connect();
  auto answer = ask(request("", "Origin: http://h\r\n"));
  CAF_CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  CAF_CHECK(answer.find("Access-Control-Allow-Origin: http://h\r\n")
            != answer.npos);
  CAF_CHECK(answer.find("\r\n\r\n: stopping: ") != answer.npos);
  CAF_CHECK(answer.find("\nretry: ") != answer.npos);
  CAF_CHECK(is_closed());
}

CAF_TEST(a refused stream does not change the next response) {
  context->api.max_topics = 0;
  connect();
  CAF_CHECK(ask(request("?topics=a")).starts_with("HTTP/1.1 400 "));
  CAF_CHECK(
    ask("GET /no HTTP/1.1\r\nHost: h\r\n\r\n").starts_with("HTTP/1.1 404 "));
}

CAF_TEST(a stream ends after its lifetime) {
  context->config.events_lifetime = 10ms;
  auto stream = open();
  run_until(stream, "\nretry: 100\n\n");
  CAF_CHECK(event_source{stream}.last_id == "0");
  CAF_CHECK(is_closed());
}

CAF_TEST(a silent stream gets a comment at half of the idle timeout) {
  context->config.websocket.idle_timeout = 20ms;
  auto stream = open();
  run_until(stream, "\n\n:\n\n:\n\n");
  CAF_CHECK(event_source{stream}.events.size() == 1);
}

CAF_TEST(a session ends however its stream fails) {
  for (size_t i = 1; i < 8; ++i) {
    fail_count fails{i};
    connect(&fails);
    ask(request());
    push(make_text("a"));
    turn();
    client->close();
    turn();
    CAF_CHECK_EQUAL(sessions(), 0u);
  }
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace events_transport_suite
