#define CAF_SUITE inbox_reader

#include "actors/core/inbox_reader.hpp"

#include <caf/test/dsl.hpp>

namespace inbox_reader_suite {

using namespace waybill;

namespace {

struct inbox_reader_fixture {
  /// Requests the first page, and returns its number.
  uint64_t begin() { return aut.on_reachable(true).value().number; }

  /// Reads the mailbox to its end.
  void read_all() {
    begin();
    aut.on_page("9", false);
  }

  inbox_reader aut;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(inbox_reader_tests, inbox_reader_fixture)

CAF_TEST(reads nothing until every node can reach the session) {
  CAF_CHECK(!aut.on_queue_written());
  CAF_CHECK(!aut.is_done());
  auto first = aut.on_reachable(true);
  CAF_REQUIRE(first);
  CAF_CHECK_EQUAL(first->upto, "");
  CAF_CHECK(aut.wants(first->number));
  CAF_CHECK(!aut.is_done());
}

CAF_TEST(does not read a mailbox that was empty) {
  CAF_CHECK(!aut.on_reachable(false));
  CAF_CHECK(aut.is_done());
  CAF_MESSAGE("but after an outage in which it was not");
  aut.on_unreachable();
  CAF_CHECK(aut.on_reachable(true).has_value());
}

CAF_TEST(reads pushes that were dropped since the mailbox was empty) {
  aut.on_dropped();
  CAF_CHECK(aut.on_reachable(false).has_value());
}

CAF_TEST(has one page pending at a time) {
  begin();
  CAF_CHECK(!aut.on_queue_written());
}

CAF_TEST(a mailbox of one page is read at once) {
  auto first = begin();
  aut.on_page("9", false);
  CAF_CHECK(aut.is_done());
  CAF_CHECK(!aut.wants(first));
  CAF_CHECK(!aut.on_queue_written());
  CAF_MESSAGE("and not again when the session is still reachable");
  CAF_CHECK(!aut.on_reachable(true));
  CAF_CHECK(aut.is_done());
}

CAF_TEST(reads the next page when the queue has been written) {
  begin();
  aut.on_page("9", true);
  CAF_CHECK(!aut.is_done());
  auto second = aut.on_queue_written();
  CAF_REQUIRE(second);
  CAF_CHECK(aut.wants(second->number));
  CAF_CHECK(!aut.on_queue_written());
  aut.on_page("9", false);
  CAF_CHECK(aut.is_done());
}

CAF_TEST(ends where the mailbox ended when the first page was read) {
  begin();
  aut.on_page("9", true);
  auto second = aut.on_queue_written();
  CAF_REQUIRE(second);
  CAF_CHECK_EQUAL(second->upto, "9");
  aut.on_page("9", true);
  auto third = aut.on_queue_written();
  CAF_REQUIRE(third);
  CAF_CHECK_EQUAL(third->upto, "9");
}

CAF_TEST(an answer to an earlier request is not wanted) {
  auto first = begin();
  auto second = aut.on_reachable(true);
  CAF_REQUIRE(second);
  CAF_CHECK(!aut.wants(first));
  CAF_CHECK(aut.wants(second->number));
}

CAF_TEST(a session that may miss pushes waits and then reads to the new end) {
  auto first = begin();
  aut.on_page("9", true);
  auto second = aut.on_queue_written();
  CAF_REQUIRE(second);
  aut.on_unreachable();
  CAF_CHECK(!aut.wants(first));
  CAF_CHECK(!aut.wants(second->number));
  CAF_CHECK(!aut.on_queue_written());
  auto third = aut.on_reachable(true);
  CAF_REQUIRE(third);
  CAF_CHECK_EQUAL(third->upto, "");
  CAF_CHECK(aut.wants(third->number));
  CAF_CHECK(!aut.wants(second->number));
}

CAF_TEST(a session that has read all reads again after an outage) {
  read_all();
  aut.on_unreachable();
  CAF_CHECK(!aut.is_done());
  auto next = aut.on_reachable(true);
  CAF_REQUIRE(next);
  CAF_CHECK_EQUAL(next->upto, "");
}

CAF_TEST(pushes that were dropped are read when the queue has been written) {
  read_all();
  aut.on_dropped();
  CAF_CHECK(!aut.is_done());
  auto next = aut.on_queue_written();
  CAF_REQUIRE(next);
  CAF_CHECK_EQUAL(next->upto, "");
}

CAF_TEST(a page that was requested before pushes were dropped is not wanted) {
  auto first = begin();
  aut.on_dropped();
  CAF_CHECK(!aut.wants(first));
  auto second = aut.on_queue_written();
  CAF_REQUIRE(second);
  CAF_CHECK(aut.wants(second->number));
  CAF_MESSAGE("nor does the mailbox end where it did then");
  aut.on_page("9", true);
  aut.on_dropped();
  auto third = aut.on_queue_written();
  CAF_REQUIRE(third);
  CAF_CHECK_EQUAL(third->upto, "");
}

CAF_TEST(pushes that are dropped in an outage are read after it) {
  read_all();
  aut.on_unreachable();
  aut.on_dropped();
  CAF_CHECK(!aut.on_queue_written());
  CAF_CHECK(aut.on_reachable(true).has_value());
}

CAF_TEST(a session that becomes reachable waits for no queue) {
  begin();
  aut.on_page("9", true);
  auto next = aut.on_reachable(true);
  CAF_REQUIRE(next);
  CAF_CHECK_EQUAL(next->upto, "9");
  CAF_CHECK(!aut.on_queue_written());
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace inbox_reader_suite
