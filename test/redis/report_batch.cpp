#define CAF_SUITE report_batch

#include "redis/report_batch.hpp"

#include "test/redis/fake_client.hpp"
#include "test/redis/fake_environment.hpp"

namespace report_batch_suite {

using namespace waybill;
using namespace waybill::redis;
using test::one;

namespace {

const auto id456 = push_address::id("456");
const auto id457 = push_address::id("457");

report make_report(const std::string& push, const std::string& to = "n2") {
  return {push, to, delivery_counts{0, 0, 1}};
}

delivery_counts counts_of(const report& report) {
  return std::get<delivery_counts>(report.content);
}

struct report_batch_fixture {
  void flush() {
    redis.sent.clear();
    aut.flush("n1", store, [this](uint64_t count) { removed += count; });
  }

  /// Returns the message to a node, which was sent.
  node_message message_to(const std::string& node) {
    for (auto& words : redis.sent)
      if (words[0] == "PUBLISH" && words[1] == "waybill:{node:" + node + '}')
        return unbox(decode_node_message(words[2]));
    CAF_FAIL("no message to " << node);
  }

  bridge_config config;
  test::fake_client redis;
  test::fake_environment surroundings;
  commands store{config, redis, surroundings};
  waybill::redis::report_batch aut;
  uint64_t removed = 0;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(report_batch_tests, report_batch_fixture)

CAF_TEST(is empty until there is something to tell and when it is told) {
  CAF_CHECK(aut.empty());
  flush();
  CAF_CHECK(redis.sent.empty());
  aut.add(make_report("p"));
  CAF_CHECK(!aut.empty());
  flush();
  CAF_CHECK(aut.empty());
  aut.confirm(id456, "1-0");
  CAF_CHECK(!aut.empty());
  flush();
  CAF_CHECK(aut.empty());
  CAF_CHECK_EQUAL(redis.sent.size(), 1u);
}

CAF_TEST(each node that waits gets one message) {
  aut.add(make_report("p", "n2"));
  aut.add(make_report("q", "n3"));
  aut.add(make_report("r", "n2"));
  flush();
  CAF_CHECK_EQUAL(redis.sent.size(), 2u);
  auto message = message_to("n2");
  CAF_CHECK_EQUAL(message.node, "n1");
  CAF_REQUIRE_EQUAL(message.reports.size(), 2u);
  CAF_CHECK_EQUAL(message.reports[0].push, "p");
  CAF_CHECK_EQUAL(message.reports[1].push, "r");
  CAF_CHECK_EQUAL(message_to("n3").reports.size(), 1u);
}

CAF_TEST(reports of a push that follow each other are one) {
  for (int i = 0; i < 2; ++i)
    aut.add({"p", "n2", delivery_counts{1, 2, 3, 4, 5, 6}});
  flush();
  auto reports = message_to("n2").reports;
  CAF_REQUIRE_EQUAL(reports.size(), 1u);
  CAF_CHECK(counts_of(reports[0]) == (delivery_counts{2, 4, 6, 8, 10, 12}));
}

CAF_TEST(answers to a query stay apart) {
  aut.add({"q", "n2", delivery_counts{1, 1}});
  for (auto peer : {"192.0.2.1:80", "192.0.2.2:80"})
    aut.add({"q", "n2", session_list{std::nullopt, {{peer}}}});
  aut.add({"q", "n2", delivery_counts{1}});
  flush();
  auto reports = message_to("n2").reports;
  CAF_REQUIRE_EQUAL(reports.size(), 4u);
  CAF_CHECK(counts_of(reports[0]) == (delivery_counts{1, 1}));
  for (size_t i : {1, 2}) {
    auto list = std::get<session_list>(reports[i].content);
    CAF_REQUIRE_EQUAL(list.sessions.size(), 1u);
    CAF_CHECK_EQUAL(list.sessions[0].peer,
                    i == 1 ? "192.0.2.1:80" : "192.0.2.2:80");
  }
  CAF_CHECK(counts_of(reports[3]) == delivery_counts{1});
}

CAF_TEST(reports keep their order) {
  for (auto push : {"p", "q", "p"})
    aut.add(make_report(push));
  flush();
  auto reports = message_to("n2").reports;
  CAF_REQUIRE_EQUAL(reports.size(), 3u);
  CAF_CHECK_EQUAL(reports[2].push, "p");
  CAF_CHECK_EQUAL(counts_of(reports[2]).written, 1u);
}

CAF_TEST(a settled push is told behind all that was reported of it) {
  aut.add(make_report("p"));
  aut.add({"p", "n2", settled{}});
  flush();
  auto reports = message_to("n2").reports;
  CAF_REQUIRE_EQUAL(reports.size(), 2u);
  CAF_CHECK_EQUAL(counts_of(reports[0]).written, 1u);
  CAF_CHECK(std::holds_alternative<settled>(reports[1].content));
}

CAF_TEST(each mailbox is trimmed once and up to its last entry) {
  aut.confirm(id456, "1-0");
  aut.confirm(id457, "7-0");
  aut.confirm(id456, "2-0");
  flush();
  test::texts trimmed;
  for (auto& words : redis.sent)
    trimmed.push_back(words[3] + ' ' + words[5]);
  std::sort(trimmed.begin(), trimmed.end());
  CAF_CHECK_EQUAL(trimmed, (test::texts{"waybill:mail:{id:456} 2-1",
                                        "waybill:mail:{id:457} 7-1"}));
}

CAF_TEST(what was removed is told and what failed is not ) {
  aut.confirm(id456, "1-0");
  aut.confirm(id457, "1-0");
  flush();
  CAF_REQUIRE_EQUAL(redis.waiting.size(), 2u);
  redis.waiting[0](reply{reply::kind::number, 3});
  CAF_CHECK_EQUAL(removed, 3u);
  redis.waiting[1](caf::error{errc::unanswered});
  CAF_CHECK_EQUAL(removed, 3u);
}

CAF_TEST(a report that nobody hears is lost without a word) {
  aut.add(make_report("p"));
  flush();
  redis.waiting[0](caf::error{errc::bus_away});
  CAF_CHECK(aut.empty());
  CAF_CHECK_EQUAL(removed, 0u);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace report_batch_suite
