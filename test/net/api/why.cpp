#define CAF_SUITE why

#include "net/api/why.hpp"

#include "test/net/api/fixture.hpp"

namespace why_suite {

using namespace waybill;
using namespace waybill::net;
using json = waybill::net::json;

namespace {

using kind = trace_event::kind;

struct why_fixture : test::api_fixture {
  void ask(const std::string& text) {
    handle(*context, make(http::verb::get, text), keep());
    turn();
  }

  /// Lets one node tell of two pushes to an id without sessions.
  void tell_pushes() {
    reach_nodes(0);
    reach_nodes(1);
    CAF_CHECK(answers.empty());
    trace_events events;
    for (auto name : {"p", "q"}) {
      events.push_back({"456", kind::taken, 1, name});
      events.push_back({"456", kind::answered, 2, name});
      events.back().count = 404;
    }
    tell(test::report_of("a", events));
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(why_tests, why_fixture)

CAF_TEST(presence and trace and mailbox are explained) {
  bus_state_of().mailbox = inbox_summary{3, std::chrono::seconds{7}};
  ask("/why/456");
  tell_pushes();
  auto result = answer();
  CAF_CHECK_EQUAL(result.status, http::status::ok);
  CAF_CHECK_EQUAL(result.body["id"], "456");
  CAF_CHECK_EQUAL(result.body["outcomes"].dump(), R"({"p":"lost","q":"lost"})");
  auto& sentences = result.body["sentences"];
  CAF_REQUIRE_EQUAL(sentences.size(), 4u);
  CAF_CHECK_EQUAL(sentences[0], "456 is offline.");
  CAF_CHECK_EQUAL(sentences[1],
                  "At 1970-01-01T00:00:00Z, push p had no ttl, and 456 was "
                  "offline, so it is lost.");
  CAF_CHECK_EQUAL(sentences[3],
                  "The mailbox of 456 holds 3 pushes, the oldest for 7 s.");
}

CAF_TEST(one push may be explained alone) {
  ask("/why/456?push=q");
  tell_pushes();
  auto result = answer();
  CAF_CHECK_EQUAL(result.body["outcomes"].dump(), R"({"q":"lost"})");
  CAF_CHECK_EQUAL(result.body["sentences"].size(), 3u);
}

CAF_TEST(nothing is explained without one of the answers) {
  bus_state_of().mailbox = caf::error{errc::bus_away};
  ask("/why/456");
  CAF_CHECK_EQUAL(print(answer()), "503 bus_away");
  tell_pushes();
  CAF_CHECK(answers.empty());
  bus_state_of().mailbox = inbox_summary{};
  ask("/why/456");
  reach_nodes(0);
  reach(caf::error{errc::busy});
  CAF_CHECK_EQUAL(print(answer()), "503 busy");
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace why_suite
