#define CAF_SUITE push

#include "net/api/push.hpp"

#include "test/net/api/fixture.hpp"

namespace push_suite {

using namespace waybill;
using namespace waybill::net;
using namespace std::chrono_literals;
using json = waybill::net::json;

namespace {

struct push_fixture : test::api_fixture {
  /// Pushes to the address of a request.
  void post(const std::string& text, const std::string& body = "hello",
            const std::string& key = "") {
    auto call = make(http::verb::post, text, body);
    auto& request = std::get<push_request>(call.request);
    request.key = key;
    handle_push(*context, request, call.body, keep());
    turn();
  }

  void post_binary(const std::string& body) {
    push_request request{push_address::id("456")};
    request.format = payload::format::binary;
    handle_push(*context, request, body, keep());
    turn();
  }

  /// Pushes many lines.
  /// @param pattern what the key of the pusher is for.
  void post_lines(const std::string& body, const std::string& query = "",
                  const std::string& pattern = "*") {
    auto call = make(http::verb::post, "/push" + query, body);
    call.allowed.pattern = pattern;
    handle_batch(*context, std::get<batch_request>(call.request), call, keep());
    turn();
  }

  void kick() {
    handle_kick(*context, {push_address::id("456")}, keep());
    turn();
  }

  /// Returns what a pusher reads, but for the name of the push.
  std::string print_answer() {
    auto result = answer();
    CAF_CHECK_EQUAL(result.body["push"], last_push().id);
    result.body.erase("push");
    result.body.erase("message");
    return std::to_string(static_cast<unsigned>(result.status)) + ' '
           + result.body.dump();
  }

  /// Returns the status of each line, or its code of error.
  test::texts lines() {
    auto result = answer();
    CAF_CHECK_EQUAL(result.status, http::status::ok);
    CAF_CHECK(result.body.is_array());
    test::texts all;
    for (auto& line : result.body)
      all.push_back(line["status"].dump()
                    + (line.contains("error")
                         ? ' ' + line["error"].get<std::string>()
                         : ""));
    return all;
  }

  /// Returns a figure of the node once all that was noted is told.
  uint64_t noted(metric name) {
    pass(1s);
    return figures()[name];
  }

  metrics figures() {
    metrics result;
    context->actors.stats([&](const metrics& x) { result = x; });
    turn();
    return result;
  }
};

report report_with(delivery_counts counts) {
  counts.nodes = 1;
  return test::report_of("a", counts);
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(push_tests, push_fixture)

CAF_TEST(each reason why a bus fails has its answer) {
  for (auto [why, refusal] : {std::pair{errc::bus_away, "503 bus_away"},
                              {errc::refused, "503 bus_away"},
                              {errc::nodes_missing, "503 bus_away"},
                              {errc::busy, "503 busy"},
                              {errc::unanswered, "504 unanswered"},
                              {errc::inbox_full, "507 mailbox_full"},
                              {errc::key_reused, "422 key_reused"},
                              {errc::node_full, "503 node_full"},
                              {errc::id_full, "429 too_many_sessions"},
                              {errc::peer_full, "429 too_many_sessions"}}) {
    auto shown = to_answer(caf::error{why});
    CAF_CHECK_EQUAL(print(shown), refusal);
    CAF_MESSAGE("and says when to try again if that may help");
    auto status = static_cast<unsigned>(shown.status);
    CAF_CHECK_EQUAL(shown.fields.size(), status == 503 || status == 429);
  }
}

CAF_TEST(what Redis says of itself is passed on) {
  auto message = [](const caf::error& why) {
    return to_answer(why).body["message"].get<std::string>();
  };
  CAF_CHECK_EQUAL(message(caf::error{errc::refused, std::string{"OOM"}}),
                  "Redis cannot do this now; try again: OOM");
  for (const auto& why :
       {caf::error{errc::bus_away}, caf::error{errc::bus_away, std::string{}}})
    CAF_CHECK_EQUAL(message(why),
                    "this node cannot reach the other nodes now; try again");
}

CAF_TEST(a push brings its body and parameters to the bus) {
  post("/socket/456?ttl=60&wait=2s", "连");
  auto sent = last_push();
  CAF_CHECK_EQUAL(bus_state_of().seen.back(), "publish id:456");
  CAF_CHECK(sent.body == make_text("连"));
  CAF_CHECK(sent.want == receipt_level::routed);
  CAF_CHECK(sent.ttl == 60s);
  CAF_CHECK(sent.wait == 2s);
  CAF_CHECK_EQUAL(sent.key, "");
  post("/topic/news?receipt=written", "", "k");
  sent = last_push();
  CAF_CHECK_EQUAL(bus_state_of().seen.back(), "publish topic:news");
  CAF_CHECK(sent.want == receipt_level::written);
  CAF_CHECK_EQUAL(sent.key, "k");
  CAF_CHECK(sent.ttl == 0s);
  CAF_CHECK(sent.body == make_text(""));
  CAF_CHECK_NOT_EQUAL(sent.id, bus_state_of().pushes.front().id);
}

CAF_TEST(a text is UTF - 8 and bytes are anything) {
  for (auto bad : {"\xff", "a\xc0\xaf", "\xe8\xbf"}) {
    post("/socket/456", bad);
    CAF_CHECK_EQUAL(print(answer()), "400 bad_utf8");
    CAF_CHECK(bus_state_of().pushes.empty());
  }
  post_binary("\xff");
  CAF_CHECK(last_push().body == (payload{payload::format::binary, "\xff"}));
}

CAF_TEST(a push is routed if a node holds its address) {
  post("/socket/456");
  CAF_CHECK(answers.empty());
  publish_to(2);
  CAF_CHECK_EQUAL(print_answer(), R"(200 {"nodes":2})");
  post("/socket/456");
  publish_to(0);
  CAF_CHECK_EQUAL(print_answer(), R"(404 {"error":"nobody","nodes":0})");
}

CAF_TEST(a push that is kept is accepted though nobody has it yet) {
  post("/socket/456?ttl=60");
  publish_to(0, true);
  CAF_CHECK_EQUAL(print_answer(), R"(202 {"nodes":0,"kept":true})");
  post("/socket/456?ttl=60");
  publish_to(1, true);
  CAF_CHECK_EQUAL(print_answer(), R"(200 {"nodes":1,"kept":true})");
  post("/socket/456");
  publish_to(1);
  answer();
  CAF_CHECK_EQUAL(noted(metric::kept_pushes), 2u);
}

CAF_TEST(a push has arrived where one session came as far as was asked) {
  post("/socket/456?receipt=written");
  publish_to(1);
  tell(report_with({0, 2, 1}));
  CAF_CHECK(answers.empty());
  tell(report_with({0, 0, 0, 0, 1}));
  CAF_CHECK_EQUAL(print_answer(),
                  R"(200 {"nodes":1,"sessions":2,"written":1})");
  post("/socket/456?receipt=received");
  publish_to(1);
  tell(report_with({0, 1, 1, 1}));
  CAF_CHECK_EQUAL(print_answer(),
                  R"(200 {"nodes":1,"sessions":1,"written":1,"received":1})");
}

CAF_TEST(a push that no session took is not said to have arrived) {
  post("/socket/456?receipt=written");
  publish_to(1);
  tell(report_with({0, 1, 0, 0, 0, 1}));
  CAF_CHECK_EQUAL(print_answer(),
                  R"(504 {"error":"unanswered","nodes":1,"sessions":1,)"
                  R"("written":0,"dropped":1})");
  CAF_MESSAGE("that it was written is not that it was received");
  post("/socket/456?receipt=received");
  publish_to(1);
  tell(report_with({0, 1, 1, 0, 1}));
  CAF_CHECK_EQUAL(print_answer(),
                  R"(504 {"error":"unanswered","nodes":1,"sessions":1,)"
                  R"("written":1,"received":0})");
  CAF_MESSAGE("and a node without sessions has nobody");
  post("/socket/456?receipt=written");
  publish_to(1);
  tell(report_with({}));
  CAF_CHECK_EQUAL(print_answer(), R"(404 {"error":"nobody","nodes":1,)"
                                  R"("sessions":0,"written":0})");
}

CAF_TEST(a node that stays silent makes a push unknown) {
  post("/socket/456?receipt=written&wait=1s");
  publish_to(2);
  tell(report_with({0, 1, 1}));
  pass(1s);
  CAF_CHECK_EQUAL(print_answer(),
                  R"(504 {"error":"unanswered","nodes":2,"sessions":1,)"
                  R"("written":1,"unknown":1})");
  CAF_MESSAGE("but for one that is kept anyway");
  post("/socket/456?receipt=written&wait=1s&ttl=60");
  publish_to(2, true);
  tell(report_with({0, 1, 1}));
  pass(1s);
  CAF_CHECK_EQUAL(print_answer(), R"(202 {"nodes":2,"sessions":1,"written":1,)"
                                  R"("unknown":1,"kept":true})");
}

CAF_TEST(a bus that does not answer in time makes a push unknown) {
  post("/socket/456?wait=0s");
  CAF_CHECK_EQUAL(print_answer(),
                  R"(504 {"error":"unanswered","nodes":0,"unknown":1})");
  CAF_MESSAGE("what it says later is too late");
  publish_to(1);
  CAF_CHECK(answers.empty());
  CAF_MESSAGE("and what it does not know is unknown, too");
  post("/socket/456");
  publish(caf::error{errc::unanswered});
  CAF_CHECK_EQUAL(print_answer(),
                  R"(504 {"error":"unanswered","nodes":0,"unknown":1})");
}

CAF_TEST(a push that was refused is answered with the reason) {
  post("/socket/456?ttl=60");
  publish(caf::error{errc::inbox_full});
  CAF_CHECK_EQUAL(print(answer()), "507 mailbox_full");
  post("/socket/456", "hello", "k");
  publish(caf::error{errc::key_reused});
  CAF_CHECK_EQUAL(print(answer()), "422 key_reused");
}

CAF_TEST(a push that was tried before is answered with the name of the first) {
  post("/socket/456", "hello", "k");
  outcome first{"first"};
  first.counts.nodes = 3;
  publish(first);
  CAF_CHECK_EQUAL(print(answer()), R"(200 {"push":"first","nodes":3})");
}

CAF_TEST(answers to pushes are counted by their status) {
  post("/socket/456");
  publish_to(1);
  post("/socket/456");
  publish_to(0);
  post("/socket/456");
  publish(caf::error{errc::bus_away});
  CAF_CHECK_EQUAL(noted(metric::answers_200), 1u);
  auto all = figures();
  CAF_CHECK_EQUAL(all[metric::answers_404], 1u);
  CAF_CHECK_EQUAL(all[metric::answers_503], 1u);
}

CAF_TEST(a push to an id is traced from its pusher to its answer) {
  auto traced = [this] {
    trace_events result;
    // Whoever asks all nodes asks the registry in this way.
    deliver(holder, push_address::nodes(),
            query{query::kind::trace, "456", "t", "node"});
    turn();
    for (auto& x : bus_state_of().reports) {
      auto& events = std::get<trace_events>(x.content);
      result.insert(result.end(), events.begin(), events.end());
    }
    return result;
  };
  post("/topic/456");
  publish_to(1);
  post("/socket/456?ttl=60", "hello");
  auto id = last_push().id;
  publish_to(0, true);
  auto shown = traced();
  CAF_REQUIRE_EQUAL(shown.size(), 2u);
  CAF_CHECK(shown[0].type == trace_event::kind::taken);
  CAF_CHECK_EQUAL(shown[0].push, id);
  CAF_CHECK_EQUAL(shown[0].count, 5u);
  CAF_CHECK_EQUAL(shown[0].text, "routed");
  CAF_CHECK(shown[1].type == trace_event::kind::answered);
  CAF_CHECK_EQUAL(shown[1].push, id);
  CAF_CHECK_EQUAL(shown[1].count, 202u);
  CAF_CHECK_LESS_OR_EQUAL(shown[0].at, shown[1].at);
}

CAF_TEST(a batch without lines is empty) {
  for (auto body : {"", "\n", " \r\n\t\n"}) {
    post_lines(body);
    CAF_CHECK_EQUAL(print(answer()), "200 []");
  }
  CAF_CHECK(bus_state_of().pushes.empty());
}

CAF_TEST(each line of a batch is answered in its place) {
  post_lines(R"({"to":"1","message":"a","ttl":60})"
             "\n\nnonsense\n"
             R"({"topic":"2","message":"b"})"
             "\r\n"
             R"({"all":true,"message":"c"})");
  CAF_REQUIRE_EQUAL(bus_state_of().pushes.size(), 3u);
  auto& sent = bus_state_of().pushes;
  CAF_CHECK_EQUAL(
    bus_state_of().seen,
    (test::texts{"publish id:1", "publish topic:2", "publish all"}));
  CAF_CHECK(sent[0].ttl == 60s);
  CAF_CHECK(sent[1].ttl == 0s);
  CAF_CHECK(sent[1].body == make_text("b"));
  publish_to(0, true);
  publish_to(0);
  CAF_CHECK(answers.empty());
  publish_to(1);
  CAF_REQUIRE_EQUAL(answers.size(), 1u);
  auto last = answers.front().body.back();
  CAF_CHECK_EQUAL(last["push"], sent[2].id);
  CAF_CHECK_EQUAL(last["nodes"], 1);
  CAF_CHECK_EQUAL(lines(),
                  (test::texts{"202", "400 bad_line", "404 nobody", "200"}));
}

CAF_TEST(lines are answered in their places in whatever order they end) {
  post_lines("{\"to\":\"1\",\"message\":\"a\"}\n"
             "{\"to\":\"2\",\"message\":\"b\"}\n");
  auto& waiting = bus_state_of().publishing;
  CAF_REQUIRE_EQUAL(waiting.size(), 2u);
  std::swap(waiting[0], waiting[1]);
  publish(caf::error{errc::busy});
  outcome first{"p"};
  first.counts.nodes = 1;
  publish(first);
  CAF_CHECK_EQUAL(lines(), (test::texts{"200", "503 busy"}));
}

CAF_TEST(a batch of lines that are all wrong is answered at once) {
  post_lines("a\nb\n{}");
  CAF_CHECK_EQUAL(lines(), test::texts(3, "400 bad_line"));
  CAF_CHECK(bus_state_of().pushes.empty());
}

CAF_TEST(a line for an address that a key is not for is refused alone) {
  post_lines("{\"to\":\"order-1\",\"message\":\"a\"}\n"
             "{\"to\":\"456\",\"message\":\"b\"}\n"
             "{\"topic\":\"456\",\"message\":\"c\"}\n"
             "{\"all\":true,\"message\":\"d\"}\n",
             "", "order-*");
  CAF_CHECK_EQUAL(bus_state_of().seen, test::texts{"publish id:order-1"});
  publish_to(1);
  CAF_CHECK_EQUAL(lines(), (test::texts{"200", "403 forbidden", "403 forbidden",
                                        "403 forbidden"}));
}

CAF_TEST(a batch has a receipt for each of its lines) {
  post_lines("{\"to\":\"1\",\"message\":\"a\"}\n", "?receipt=written&wait=1s");
  CAF_CHECK(last_push().want == receipt_level::written);
  CAF_CHECK(last_push().wait == 1s);
  publish_to(1);
  tell(report_with({0, 1, 1}));
  auto shown = answer();
  CAF_REQUIRE_EQUAL(shown.body.size(), 1u);
  CAF_CHECK_EQUAL(shown.body[0]["written"], 1);
}

CAF_TEST(lines that the bus does not answer in time are unknown) {
  post_lines("{\"to\":\"1\",\"message\":\"a\"}\nb\n", "?wait=0s");
  CAF_CHECK_EQUAL(lines(), (test::texts{"504 unanswered", "400 bad_line"}));
  CAF_MESSAGE("what it says later changes nothing");
  publish_to(1);
  CAF_CHECK(answers.empty());
}

CAF_TEST(a batch has at most ten thousand lines) {
  std::string body;
  for (int i = 0; i < 10'000; ++i)
    body += "x\n";
  post_lines(body + "\n\n");
  CAF_CHECK_EQUAL(answer().body.size(), 10'000u);
  post_lines(body + "x");
  CAF_CHECK_EQUAL(print(answer()), "413 too_many_lines");
}

CAF_TEST(closing sessions tells on how many nodes) {
  kick();
  CAF_CHECK_EQUAL(bus_state_of().seen.back(), "kick id:456");
  reach_nodes(2);
  CAF_CHECK_EQUAL(print(answer()), R"(200 {"nodes":2})");
  kick();
  reach_nodes(0);
  CAF_CHECK_EQUAL(print(answer()), "404 nobody");
  kick();
  reach(caf::error{errc::bus_away});
  CAF_CHECK_EQUAL(print(answer()), "503 bus_away");
}

CAF_TEST(closing sessions waits five seconds for the bus) {
  kick();
  CAF_CHECK(deadline == 5s);
  CAF_CHECK(answers.empty());
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace push_suite
