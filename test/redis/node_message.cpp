#define CAF_SUITE node_message

#include "redis/node_message.hpp"

#include <caf/test/dsl.hpp>
#include <nlohmann/json.hpp>

namespace node_message_suite {

using namespace waybill;
using namespace waybill::redis;
using namespace std::string_literals;

namespace {

using nlohmann::json;

std::string msgpack(const json& map) {
  std::string result;
  json::to_msgpack(map, result);
  return result;
}

/// Returns the bytes of a message with one report.
std::string message_with(const json& report) {
  return msgpack(
    {{"kind", "reports"}, {"node", "n2"}, {"reports", json::array({report})}});
}

/// Encodes and decodes the content of a report.
report::content_type sent(report::content_type content) {
  auto message = unbox(decode_node_message(
    encode(node_message{"n2", {{"p", "n1", std::move(content)}}})));
  CAF_REQUIRE_EQUAL(message.reports.size(), 1u);
  return message.reports[0].content;
}

/// Decodes the content of the only report of a message.
report::content_type received(const json& report) {
  auto message = unbox(decode_node_message(message_with(report)));
  CAF_REQUIRE_EQUAL(message.reports.size(), 1u);
  return message.reports[0].content;
}

} // namespace

CAF_TEST(a report names its push and its node) {
  auto x = unbox(decode_node_message(
    encode(node_message{"n2", {{"p1", "n1"}, {"p2", "n1"}}})));
  CAF_CHECK_EQUAL(x.node, "n2");
  CAF_CHECK_EQUAL(x.probe, "");
  CAF_REQUIRE_EQUAL(x.reports.size(), 2u);
  CAF_CHECK_EQUAL(x.reports[0].push, "p1");
  CAF_CHECK_EQUAL(x.reports[1].push, "p2");
  CAF_CHECK_EQUAL(x.reports[1].node, "n2");
}

CAF_TEST(a probe survives the way between nodes) {
  auto x = unbox(decode_node_message(encode(node_message{"n2", {}, "p3"})));
  CAF_CHECK_EQUAL(x.probe, "p3");
  CAF_CHECK(x.reports.empty());
}

CAF_TEST(reports of each type survive the way between nodes) {
  for (auto& content : std::vector<report::content_type>{
         delivery_counts{1, 2, 3, 4, 5, 6},
         settled{},
         session_list{2,
                      {{"[::1]:80", 6, 7, "events", "curl/8.0", {"news", "x"}},
                       {"[::1]:81", 8, 9}}},
         session_list{3, {{"[::1]:80", 6, 7}}},
         session_list{std::nullopt, {{"[::1]:80", 6, 7}}},
         trace_events{{"", trace_event::last_kind, -1, "p", 2, "peer", 3, "x"}},
         node_metrics{"1.2.3", {{"joins", 8}}},
         ranking{{{"456", 2}, {"457", 1}}, {{"news", 3}}, {{"456", "a:1", 9}}},
         ranking{{}, {}, {{"456", "a:1", 9}}},
       })
    CAF_CHECK(sent(content) == content);
}

CAF_TEST(an answer without anything is the count of its node) {
  report::content_type none = delivery_counts{1};
  CAF_CHECK(sent(session_list{0}) == none);
  CAF_CHECK(sent(trace_events{}) == none);
  CAF_CHECK(sent(node_metrics{}) == none);
  CAF_CHECK(sent(ranking{}) == none);
}

CAF_TEST(answers have the bytes that other releases expect) {
  auto bytes_of = [](report::content_type content) {
    return encode(node_message{"n2", {{"p", "n1", std::move(content)}}});
  };
  CAF_CHECK(bytes_of(delivery_counts{0, 0, 1})
            == message_with({{"push", "p"}, {"written", 1u}}));
  CAF_CHECK(bytes_of(settled{})
            == message_with({{"push", "p"}, {"settled", true}}));
  json details = {{{"peer", "a"}, {"age", 1u}, {"queue", 2u}}};
  CAF_CHECK(
    bytes_of(session_list{1, {{"a", 1, 2}}})
    == message_with(
      {{"push", "p"}, {"nodes", 1u}, {"sessions", 1u}, {"details", details}}));
  json trace = {{{"hop", "joined"}, {"at", 5}}};
  CAF_CHECK(bytes_of(trace_events{{"456", trace_event::kind::joined, 5}})
            == message_with({{"push", "p"}, {"nodes", 1u}, {"trace", trace}}));
  CAF_CHECK(bytes_of(node_metrics{"1.2.3", {{"joins", 8}}})
            == message_with({{"push", "p"},
                             {"nodes", 1u},
                             {"version", "1.2.3"},
                             {"figures", {{"joins", 8u}}}}));
}

CAF_TEST(members that this release does not know are skipped) {
  json newer = {{"text", "b"}, {"list", {1, {{"data", nullptr}}}}};
  auto x = unbox(decode_node_message(msgpack(
    {{"kind", "reports"},
     {"node", "n"},
     {"newer", newer},
     {"reports", {{{"push", "p"}, {"written", 2}, {"newer", newer}}}}})));
  CAF_REQUIRE_EQUAL(x.reports.size(), 1u);
  CAF_CHECK_EQUAL(std::get<delivery_counts>(x.reports[0].content).written, 2u);
}

CAF_TEST(members that are missing or of another type have defaults) {
  auto x = unbox(decode_node_message(
    msgpack({{"kind", "reports"}, {"node", "n"}, {"reports", {{}, 7}}})));
  CAF_REQUIRE_EQUAL(x.reports.size(), 2u);
  report::content_type none = delivery_counts{};
  CAF_CHECK(x.reports[0].content == none);
  CAF_CHECK(received({{"settled", 1},
                      {"details", "a"},
                      {"trace", 1},
                      {"version", 2},
                      {"figures", nullptr},
                      {"ids", 3},
                      {"queues", "a"}})
            == none);
  auto list = std::get<session_list>(
    received({{"nodes", "a"}, {"details", {{{"peer", 1}, {"age", -1}}, 5}}}));
  CAF_CHECK(!list.total);
  CAF_CHECK(list.sessions == std::vector<session_info>(2));
}

CAF_TEST(a hop that this release does not know is left out) {
  json trace = {{{"hop", "joined"}, {"at", 1}},
                {{"hop", "teleported"}, {"at", 2}},
                {{"hop", "left"}, {"at", 3}}};
  auto events
    = std::get<trace_events>(received({{"push", "p"}, {"trace", trace}}));
  CAF_REQUIRE_EQUAL(events.size(), 2u);
  CAF_CHECK(events[1].type == trace_event::kind::left);
}

CAF_TEST(a message of another kind is told from what is none) {
  for (json kind : {json("beat"), json(""), json(5), json(nullptr),
                    json({{"text", "reports"}})}) {
    auto bytes = msgpack({{"kind", kind}, {"node", "n"}});
    CAF_CHECK(decode_node_message(bytes).error() == another_kind);
  }
  for (auto bytes : {"", "nonsense", "\x80", "\x90", "\xc0"})
    CAF_CHECK(decode_node_message(bytes).error() == caf::sec::invalid_argument);
}

CAF_TEST(what is no message between nodes is refused) {
  auto message = encode(node_message{"n2", {{"p1", "n1"}}});
  for (size_t size = 0; size < message.size(); ++size)
    CAF_CHECK(!decode_node_message(message.substr(0, size)));
  CAF_CHECK(!decode_node_message(encode(outcome{"p"})));
  CAF_CHECK(!decode_outcome(message));
  CAF_MESSAGE("a report without a node would count as this node's own");
  CAF_CHECK(!decode_node_message(msgpack({{"kind", "reports"}})));
}

CAF_TEST(what nests deeper than a parser may go is refused) {
  for (auto opening : {"\x91"s, "\x81\xa1x"s}) {
    std::string bytes;
    for (int i = 0; i < 100'000; ++i)
      bytes += opening;
    CAF_CHECK(!decode_node_message(bytes));
  }
}

} // namespace node_message_suite
