#define CAF_SUITE queries

#include "net/api/queries.hpp"

#include "test/net/api/fixture.hpp"

namespace queries_suite {

using namespace waybill;
using namespace waybill::net;
using namespace std::chrono_literals;
using json = waybill::net::json;

namespace {

using kind = trace_event::kind;

/// A date, in microseconds: 2023-11-14T22:13:20Z.
constexpr int64_t date = 1'700'000'000'000'000;

struct queries_fixture : test::api_fixture {
  void ask(const std::string& text) { ask(http::verb::get, text); }

  void ask(http::verb method, const std::string& text) {
    handle(*context, make(method, text), keep());
    turn();
  }

  json body() {
    auto result = answer();
    CAF_CHECK_EQUAL(result.status, http::status::ok);
    return result.body;
  }
};

trace_event event_of(kind type, int64_t at, const std::string& push = "p") {
  return {"456", type, date + at, push};
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(queries_tests, queries_fixture)

CAF_TEST(an id is online if a node holds it) {
  ask("/socket/456");
  CAF_CHECK_EQUAL(print(answer()),
                  R"(200 {"id":"456","online":false,"nodes":0})");
  bus_state_of().present = uint64_t{2};
  ask("/socket/456?detail=0");
  CAF_CHECK_EQUAL(print(answer()),
                  R"(200 {"id":"456","online":true,"nodes":2})");
  CAF_CHECK_EQUAL(bus_state_of().seen.back(), "presence id:456");
  CAF_CHECK(bus_state_of().queries.empty());
}

CAF_TEST(an id is not said to be offline when that is not known) {
  for (auto [why, refusal] : {std::pair{errc::bus_away, "503 bus_away"},
                              {errc::unanswered, "504 unanswered"},
                              {errc::nodes_missing, "503 bus_away"}}) {
    bus_state_of().present = caf::error{why};
    ask("/socket/456");
    CAF_CHECK_EQUAL(print(answer()), refusal);
    ask("/socket/456?detail=1");
    reach(caf::error{why});
    // Of those that were asked it is not known who they are.
    CAF_CHECK_EQUAL(print(answer()),
                    why == errc::unanswered
                      ? R"(200 {"id":"456","online":true,"nodes":0,)"
                        R"("sessions":[],"unknown":1})"
                      : refusal);
  }
}

CAF_TEST(a question waits five seconds or as long as it says) {
  for (std::string path :
       {"/socket/456?detail=1", "/trace/456?", "/stats?cluster=1"}) {
    for (auto [more, wait] :
         {std::pair{"", 5000ms}, std::pair{"&wait=250ms", 250ms}}) {
      ask(path + more);
      reach_nodes(1);
      pass(wait - 1ms);
      CAF_CHECK(answers.empty());
      pass(1ms);
      auto shown = body();
      CAF_CHECK_EQUAL(shown["unknown"], 1);
    }
  }
}

CAF_TEST(sessions of an id are shown with what they are like) {
  ask("/socket/456?detail=1");
  CAF_CHECK_EQUAL(bus_state_of().seen.back(), "ask id:456 for sessions");
  reach_nodes(1);
  CAF_CHECK(answers.empty());
  tell(test::report_of(
    "a", session_list{
           2, {{"192.0.2.1:80", 7, 512, "events", "curl/8.0", {"news"}}}}));
  CAF_CHECK(answers.empty());
  tell(
    test::report_of("a", session_list{std::nullopt, {{"192.0.2.2:80", 8, 0}}}));
  CAF_CHECK_EQUAL(
    body(), json::parse(R"({"id":"456","online":true,"nodes":1,"sessions":[
      {"node":"a","peer":"192.0.2.1:80","age":7,"queue":512,
       "transport":"events","topics":["news"],"user_agent":"curl/8.0"},
      {"node":"a","peer":"192.0.2.2:80","age":8,"queue":0}],"unknown":0})"));
}

CAF_TEST(the largest of all nodes are shown together) {
  ask("/largest?wait=1s");
  CAF_CHECK_EQUAL(bus_state_of().seen.back(), "ask nodes for ranking");
  reach_nodes(2);
  tell(test::report_of(
    "a", ranking{{{"456", 2}, {"457", 1}}, {{"news", 3}}, {{"456", "p", 9}}}));
  CAF_CHECK(answers.empty());
  tell(test::report_of("b", ranking{{{"457", 2}}, {}, {{"457", "q", 10}}}));
  CAF_CHECK_EQUAL(body(), json::parse(R"({"nodes":2,"unknown":0,
      "ids":[{"id":"457","sessions":3},{"id":"456","sessions":2}],
      "topics":[{"topic":"news","sessions":3}],
      "queues":[{"node":"b","id":"457","peer":"q","bytes":10},
                {"node":"a","id":"456","peer":"p","bytes":9}]})"));
}

CAF_TEST(what a node remembers is shown) {
  context->log = [] {
    return std::vector<std::string>{R"({"level":"info","message":"a"})"};
  };
  ask("/history");
  CAF_CHECK_EQUAL(body(), json::parse(R"({"node":"node","interval":5,
    "times":[],"figures":{},"log":[{"level":"info","message":"a"}]})"));
  auto collector = spawn<waybill::collector>(bus, holder);
  auto other = spawn<gateway>(bus, holder, collector, session_config{}, "b");
  net::api_context remembering{deref<gateway>(other), "b"};
  self->send(collector, tick_atom_v);
  turn();
  pass(6s);
  handle(remembering, make(http::verb::get, "/history"), keep());
  turn();
  auto found = body();
  CAF_REQUIRE_EQUAL(found["times"].size(), 1u);
  CAF_CHECK_EQUAL(found["figures"]["sessions"], json::array({0}));
  CAF_MESSAGE("a latency is unknown without pushes");
  CAF_CHECK_EQUAL(found["figures"]["received_p50"], json::array({nullptr}));
}

CAF_TEST(a mailbox is summarized) {
  ask("/socket/456/mailbox");
  CAF_CHECK_EQUAL(print(answer()), R"(200 {"id":"456","entries":0})");
  CAF_CHECK_EQUAL(bus_state_of().seen.back(), "summarize id:456");
  bus_state_of().mailbox = inbox_summary{3, 1500ms};
  ask("/socket/456/mailbox");
  CAF_CHECK_EQUAL(print(answer()),
                  R"(200 {"id":"456","entries":3,"oldest":1.5})");
}

CAF_TEST(a mailbox is emptied) {
  bus_state_of().mailbox = inbox_summary{3, 1500ms};
  ask(http::verb::delete_, "/socket/456/mailbox");
  CAF_CHECK_EQUAL(print(answer()), R"(200 {"id":"456","removed":3})");
  CAF_CHECK_EQUAL(bus_state_of().seen.back(), "empty id:456");
}

CAF_TEST(nothing is said of a mailbox that cannot be read) {
  bus_state_of().mailbox = caf::error{errc::bus_away};
  for (auto method : {http::verb::get, http::verb::delete_}) {
    ask(method, "/socket/456/mailbox");
    CAF_CHECK_EQUAL(print(answer()), "503 bus_away");
  }
}

CAF_TEST(a topic is online if a node holds it) {
  bus_state_of().present = uint64_t{2};
  ask("/topic/news");
  CAF_CHECK_EQUAL(print(answer()),
                  R"(200 {"topic":"news","online":true,"nodes":2})");
  CAF_CHECK_EQUAL(bus_state_of().seen.back(), "presence topic:news");
}

CAF_TEST(sessions of a topic are counted for each node) {
  ask("/topic/news?detail=1");
  CAF_CHECK_EQUAL(bus_state_of().seen.back(), "ask topic:news for members");
  reach_nodes(2);
  tell(test::report_of("a", delivery_counts{1, 3}));
  tell(test::report_of("b", delivery_counts{1, 0}));
  CAF_CHECK_EQUAL(
    body(), json::parse(R"({"topic":"news","online":true,"nodes":2,"sessions":[
      {"node":"a","sessions":3}],"unknown":0})"));
}

CAF_TEST(a change of topics is answered when all nodes have made it) {
  ask(http::verb::put, "/socket/456/topics/news");
  CAF_CHECK_EQUAL(bus_state_of().seen.back(), "ask id:456 for subscribe");
  CAF_CHECK_EQUAL(bus_state_of().queries.back().subject, "news");
  reach_nodes(2);
  tell(test::report_of("a", delivery_counts{1, 2}));
  CAF_CHECK(answers.empty());
  tell(test::report_of("b", delivery_counts{1, 1}));
  CAF_CHECK_EQUAL(print(answer()), R"(200 {"nodes":2,"sessions":3})");
  ask(http::verb::delete_, "/socket/456/topics/news");
  CAF_CHECK_EQUAL(bus_state_of().seen.back(), "ask id:456 for unsubscribe");
  reach_nodes(0);
  CAF_CHECK_EQUAL(print(answer()), R"(200 {"nodes":0,"sessions":0})");
}

CAF_TEST(a topic for nobody is refused unless it is kept) {
  ask(http::verb::put, "/socket/456/topics/news");
  reach_nodes(0);
  CAF_CHECK_EQUAL(print(answer()), "404 nobody");
  ask(http::verb::put, "/socket/456/topics/news?ttl=60");
  CAF_CHECK(bus_state_of().queries.back().ttl == 60s);
  reach_nodes(0);
  CAF_CHECK_EQUAL(print(answer()), R"(200 {"nodes":0,"sessions":0})");
}

CAF_TEST(a change of topics that a node does not confirm is not known) {
  ask(http::verb::put, "/socket/456/topics/news?wait=1s");
  reach_nodes(2);
  tell(test::report_of("a", delivery_counts{1, 2}));
  pass(1s);
  auto shown = answer();
  CAF_CHECK_EQUAL(shown.status, http::status::gateway_timeout);
  CAF_CHECK_EQUAL(shown.body["sessions"], 2);
  CAF_CHECK_EQUAL(shown.body["unknown"], 1);
}

CAF_TEST(an id without sessions is online if a node stays silent) {
  ask("/socket/456?detail=1&wait=1s");
  reach_nodes(0);
  auto shown = body();
  CAF_CHECK_EQUAL(shown["online"], false);
  ask("/socket/456?detail=1&wait=1s");
  reach_nodes(2);
  tell(test::report_of("a"));
  CAF_CHECK(answers.empty());
  pass(1s);
  shown = body();
  CAF_CHECK_EQUAL(shown["online"], true);
  CAF_CHECK_EQUAL(shown["nodes"], 2);
  CAF_CHECK_EQUAL(shown["unknown"], 1);
  CAF_CHECK_EQUAL(shown["sessions"], json::array());
}

CAF_TEST(all nodes are asked for the trace of an id) {
  ask("/trace/a%20b");
  auto question = last_query();
  CAF_CHECK_EQUAL(question.subject, "a b");
  CAF_CHECK_EQUAL(bus_state_of().seen.back(), "ask nodes for trace");
  reach_nodes(1);
  tell(test::report_of("a"));
  CAF_CHECK_EQUAL(print(answer()), R"(200 {"id":"a b","pushes":[],)"
                                   R"("sessions":[],"nodes":1,"unknown":0})");
  CAF_MESSAGE("those that are silent are counted");
  ask("/trace/456?wait=1s");
  reach_nodes(3);
  tell(test::report_of("a"));
  pass(1s);
  auto shown = body();
  CAF_CHECK_EQUAL(shown["nodes"], 3);
  CAF_CHECK_EQUAL(shown["unknown"], 2);
}

CAF_TEST(the hops of a push are in the order of time whoever tells them) {
  ask("/trace/456");
  reach_nodes(2);
  trace_events one{event_of(kind::written, 30), event_of(kind::delivered, 20),
                   event_of(kind::received, 1'000'040)};
  one[0].peer = "192.0.2.1:80";
  one[1].count = 2;
  tell(test::report_of("a", one));
  trace_events two{event_of(kind::answered, 40), event_of(kind::taken, 1),
                   event_of(kind::dropped, 30)};
  two[0].count = 200;
  two[1].count = 5;
  two[1].text = "received";
  tell(test::report_of("b", two));
  auto shown = body();
  CAF_CHECK_EQUAL(shown["pushes"], json::parse(R"([
    {"push":"p","at":"2023-11-14T22:13:20.000001Z","hops":[
      {"hop":"taken","after":0,"node":"b","bytes":5,"receipt":"received"},
      {"hop":"delivered","after":19,"node":"a","sessions":2},
      {"hop":"written","after":29,"node":"a","peer":"192.0.2.1:80"},
      {"hop":"dropped","after":29,"node":"b"},
      {"hop":"answered","after":39,"node":"b","status":200},
      {"hop":"received","after":1000039,"node":"a"}]}])"));
  CAF_CHECK_EQUAL(shown["sessions"], json::array());
}

CAF_TEST(pushes are shown one by one in the order of their first hops) {
  ask("/trace/456");
  reach_nodes(1);
  trace_events one{event_of(kind::taken, 2, "q"), event_of(kind::taken, 1, "p"),
                   event_of(kind::answered, 3, "q"),
                   event_of(kind::answered, 4, "p")};
  tell(test::report_of("a", one));
  auto shown = body()["pushes"];
  CAF_REQUIRE_EQUAL(shown.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    CAF_CHECK_EQUAL(shown[i]["push"], i == 0 ? "p" : "q");
    CAF_CHECK_EQUAL(shown[i]["hops"].size(), 2u);
  }
  CAF_CHECK_EQUAL(shown[0]["hops"][1]["after"], 3);
  CAF_CHECK_EQUAL(shown[1]["hops"][1]["after"], 1);
}

CAF_TEST(pushes without a name are told apart by node and number) {
  ask("/trace/456");
  reach_nodes(2);
  for (auto node : {"a", "b"}) {
    trace_events one;
    for (uint64_t delivery : {1, 2, 1}) {
      one.push_back(event_of(kind::delivered, 0, ""));
      one.back().delivery = delivery;
    }
    tell(test::report_of(node, one));
  }
  auto shown = body()["pushes"];
  CAF_REQUIRE_EQUAL(shown.size(), 4u);
  for (auto& push : shown)
    CAF_CHECK(!push.contains("push"));
  CAF_CHECK_EQUAL(shown[0]["hops"].size(), 2u);
  CAF_CHECK_EQUAL(shown[1]["hops"].size(), 1u);
  CAF_CHECK_EQUAL(shown[2]["hops"][0]["node"], "b");
}

CAF_TEST(the sessions of an id are shown apart from its pushes) {
  ask("/trace/456");
  reach_nodes(1);
  trace_events one{event_of(kind::left, 2'500'000, ""),
                   event_of(kind::joined, 0, ""),
                   event_of(kind::forgotten, 3'000'000, "")};
  one[0].text = "1013 slow";
  one[1].peer = "192.0.2.1:80";
  tell(test::report_of("a", one));
  auto shown = body();
  CAF_CHECK_EQUAL(shown["pushes"], json::array());
  CAF_CHECK_EQUAL(shown["sessions"], json::parse(R"([
    {"hop":"joined","at":"2023-11-14T22:13:20.000000Z","node":"a",
     "peer":"192.0.2.1:80"},
    {"hop":"left","at":"2023-11-14T22:13:22.500000Z","node":"a",
     "why":"1013 slow"},
    {"hop":"forgotten","at":"2023-11-14T22:13:23.000000Z","node":"a"}])"));
}

CAF_TEST(the figures of all nodes are shown with their versions) {
  ask("/stats?cluster=1&wait=1s");
  CAF_CHECK_EQUAL(bus_state_of().seen.back(), "ask nodes for metrics");
  reach_nodes(3);
  tell(test::report_of("b",
                       node_metrics{"1.2.3", {{"sessions", 5}, {"joins", 7}}}));
  tell(test::report_of("a", node_metrics{"", {{"sessions", 1}}}));
  CAF_CHECK(answers.empty());
  pass(1s);
  CAF_CHECK_EQUAL(print(answer()),
                  R"(200 {"nodes":[{"node":"a","sessions":1},)"
                  R"({"node":"b","version":"1.2.3","joins":7,"sessions":5}],)"
                  R"("unknown":1})");
}

CAF_TEST(a question that cannot be asked is refused) {
  for (std::string path :
       {"/socket/456?detail=1", "/trace/456", "/stats?cluster=1"})
    for (auto [why, refusal] : {std::pair{errc::bus_away, "503 bus_away"},
                                {errc::busy, "503 busy"}}) {
      ask(path);
      reach(caf::error{why});
      CAF_CHECK_EQUAL(print(answer()), refusal);
    }
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace queries_suite
