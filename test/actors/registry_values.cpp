#define CAF_SUITE registry_values

#include "test/actors/registry_fixture.hpp"

namespace registry_values_suite {

using namespace waybill;
using namespace std::chrono_literals;

namespace {

const auto news = push_address::topic("news");

struct values_fixture : test::registry_fixture {
  /// Joins the topic as a client of its own.
  session_actor listen(const std::string& id) {
    return join({push_address::id(id), news});
  }

  waybill::push retained(const std::string& text) {
    waybill::push result{text, make_text(text)};
    result.retain = 10s;
    return result;
  }

  void push_retained(const std::string& text) {
    deliver(aut, news, retained(text));
  }

  /// Lets the bus deliver a value that it has read.
  void read(const std::string& text) {
    deliver(aut, news, last_value{retained(text)});
  }

  /// Returns the texts that a session has got.
  test::texts got(const session_actor& session) {
    test::texts result;
    for (auto& line : seen(session))
      if (line.starts_with("deliver "))
        result.push_back(line.substr(line.rfind(' ') + 1));
    return result;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(registry_values_tests, values_fixture)

CAF_TEST(the bus delivers the value of a topic that is new to the node) {
  auto session = listen("1");
  attach_all();
  read("a");
  push(news, "b");
  CAF_CHECK_EQUAL(got(session), (test::texts{"a", "b"}));
}

CAF_TEST(a value that has come live is not delivered again) {
  auto session = listen("1");
  attach_all();
  push_retained("a");
  read("a");
  CAF_CHECK_EQUAL(got(session), test::texts{"a"});
}

CAF_TEST(a topic that is joined again gets nothing from before) {
  end(listen("1"));
  auto session = listen("2");
  auto tracked = retained("a");
  tracked.want = receipt_level::routed;
  tracked.reply_to = "n2";
  deliver(aut, news, tracked);
  read("a");
  CAF_MESSAGE("nobody got it, and that is reported");
  CAF_CHECK_EQUAL(
    std::get<delivery_counts>(bus_state_of().reports.back().content),
    (delivery_counts{1, 0}));
  attach_all();
  read("c");
  push(news, "d");
  CAF_CHECK_EQUAL(got(session), (test::texts{"c", "d"}));
}

CAF_TEST(a session that joins before the value is read gets it) {
  auto first = listen("1");
  auto second = listen("2");
  attach_all();
  auto third = listen("3");
  read("a");
  push_retained("b");
  auto fourth = listen("4");
  attach_all();
  CAF_CHECK_EQUAL(got(first), (test::texts{"a", "b"}));
  CAF_CHECK_EQUAL(got(second), (test::texts{"a", "b"}));
  CAF_CHECK_EQUAL(got(third), (test::texts{"a", "b"}));
  CAF_CHECK_EQUAL(got(fourth), test::texts{"b"});
}

CAF_TEST(a session that joins later gets the last value first) {
  auto first = listen("1");
  attach_all();
  push_retained("a");
  push(news, "b");
  auto second = listen("2");
  push(news, "c");
  CAF_CHECK_EQUAL(got(first), (test::texts{"a", "b", "c"}));
  CAF_CHECK_EQUAL(got(second), (test::texts{"a", "c"}));
}

CAF_TEST(a value ends with its time) {
  listen("1");
  attach_all();
  push_retained("a");
  advance_time(10s);
  CAF_CHECK_EQUAL(got(listen("2")), test::texts{});
}

CAF_TEST(a value that was forgotten is not delivered) {
  listen("1");
  attach_all();
  push_retained("a");
  auto found = ask<delivery_counts>(news, query::kind::forget);
  CAF_CHECK_EQUAL(found, (delivery_counts{1, 0}));
  CAF_CHECK_EQUAL(got(listen("2")), test::texts{});
}

CAF_TEST(after an outage only sessions that lack the value get it) {
  auto first = listen("1");
  attach_all();
  push_retained("a");
  lose({news});
  auto second = listen("2");
  CAF_CHECK_EQUAL(got(second), test::texts{});
  bus_is(bus_state::ready);
  attach_all();
  auto third = listen("3");
  read("a");
  for (auto& session : {first, second, third})
    CAF_CHECK_EQUAL(got(session), test::texts{"a"});
  CAF_MESSAGE("a value from the outage is news to all");
  lose({news});
  bus_is(bus_state::ready);
  attach_all();
  read("b");
  for (auto& session : {first, second, third})
    CAF_CHECK_EQUAL(got(session), (test::texts{"a", "b"}));
}

CAF_TEST(no report is due for a value) {
  listen("1");
  attach_all();
  auto tracked = retained("a");
  tracked.want = receipt_level::written;
  tracked.reply_to = "n2";
  deliver(aut, news, std::move(tracked));
  CAF_CHECK_EQUAL(bus_state_of().reports.size(), 1u);
  CAF_CHECK_EQUAL(got(listen("2")), test::texts{"a"});
  CAF_CHECK_EQUAL(bus_state_of().reports.size(), 1u);
}

CAF_TEST(a session that joins a topic twice gets the value once) {
  auto session = listen("1");
  attach_all();
  push_retained("a");
  deliver(aut, push_address::id("1"),
          query{query::kind::subscribe, "news", "q", "n2"});
  CAF_CHECK_EQUAL(got(session), test::texts{"a"});
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace registry_values_suite
