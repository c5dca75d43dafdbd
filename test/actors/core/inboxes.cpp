#define CAF_SUITE inboxes

#include "actors/core/inboxes.hpp"

#include "test/fixture.hpp"

namespace inboxes_suite {

using namespace waybill;
using namespace std::chrono_literals;

namespace {

const auto id456 = push_address::id("456");
const inboxes::time_point start{1h};

push make_push(const std::string& text, std::chrono::milliseconds ttl = 10s) {
  push result{text, make_text(text)};
  result.ttl = ttl;
  return result;
}

} // namespace

CAF_TEST(a mailbox is read in order from any entry) {
  inboxes aut{10};
  auto first = aut.append(id456, make_push("a"), start).value();
  aut.append(id456, make_push("b"), start);
  aut.append(push_address::id("457"), make_push("c"), start);
  CAF_CHECK_EQUAL(test::texts_of(aut.read({id456, "", "", 100}, start)),
                  (test::texts{"a", "b"}));
  CAF_CHECK_EQUAL(test::texts_of(aut.read({id456, first, "", 100}, start)),
                  test::texts{"b"});
}

CAF_TEST(a mailbox is read in pages up to its first end) {
  inboxes aut{10};
  for (auto text : {"aa", "bb", "cc"})
    aut.append(id456, make_push(text), start);
  auto first = aut.read({id456, "", "", 3}, start);
  CAF_CHECK_EQUAL(test::texts_of(first), (test::texts{"aa", "bb"}));
  CAF_CHECK(first.more);
  aut.append(id456, make_push("dd"), start);
  auto second
    = aut.read({id456, first.pushes.back().entry, first.upto, 3}, start);
  CAF_CHECK_EQUAL(test::texts_of(second), test::texts{"cc"});
  CAF_CHECK(!second.more);
}

CAF_TEST(a mailbox is summarized by its size and its oldest entry) {
  inboxes aut{10};
  CAF_CHECK(aut.summarize(id456, start) == inbox_summary{});
  aut.append(id456, make_push("a", 2s), start);
  aut.append(id456, make_push("b"), start + 1s);
  CAF_CHECK(aut.summarize(id456, start + 1500ms) == (inbox_summary{2, 1500ms}));
  CAF_CHECK(aut.summarize(id456, start + 3s) == (inbox_summary{1, 2s}));
  CAF_CHECK(aut.summarize(id456, start + 11s) == inbox_summary{});
}

CAF_TEST(a mailbox can be emptied) {
  inboxes aut{10};
  CAF_CHECK_EQUAL(aut.clear(id456, start), 0u);
  aut.append(id456, make_push("a", 1s), start);
  aut.append(id456, make_push("b"), start);
  aut.append(push_address::id("457"), make_push("c"), start);
  CAF_CHECK_EQUAL(aut.clear(id456, start + 1s), 1u);
  CAF_CHECK_EQUAL(aut.size(), 1u);
  CAF_CHECK(aut.read({id456, "", "", 100}, start).pushes.empty());
}

CAF_TEST(a confirmation removes an entry and all before it) {
  inboxes aut{10};
  aut.append(id456, make_push("a"), start);
  auto second = aut.append(id456, make_push("b"), start).value();
  aut.append(id456, make_push("c"), start);
  CAF_CHECK_EQUAL(aut.confirm(id456, second), 2u);
  CAF_CHECK_EQUAL(test::texts_of(aut.read({id456, "", "", 100}, start)),
                  test::texts{"c"});
  CAF_CHECK_EQUAL(aut.size(), 1u);
}

CAF_TEST(a mailbox has a limit that ignores expired entries) {
  inboxes aut{2};
  CAF_CHECK(aut.append(id456, make_push("a", 1s), start));
  CAF_CHECK(aut.append(id456, make_push("b"), start));
  CAF_CHECK(!aut.append(id456, make_push("c"), start));
  CAF_CHECK_EQUAL(test::texts_of(aut.read({id456, "", "", 100}, start + 1s)),
                  test::texts{"b"});
  CAF_CHECK(aut.append(id456, make_push("c"), start + 1s));
}

CAF_TEST(a push that is read has its remaining time) {
  inboxes aut{2};
  aut.append(id456, make_push("a", 10s), start);
  auto page = aut.read({id456, "", "", 100}, start + 4s);
  CAF_REQUIRE_EQUAL(page.pushes.size(), 1u);
  CAF_CHECK(page.pushes[0].ttl == 6s);
}

CAF_TEST(a push supersedes that of its key and takes the last place) {
  inboxes aut{3};
  auto keyed = [](const std::string& text) {
    auto result = make_push(text);
    result.collapse = "k";
    return result;
  };
  CAF_CHECK(aut.append(id456, keyed("a"), start));
  CAF_CHECK(aut.append(id456, make_push("b"), start));
  CAF_CHECK(aut.append(id456, make_push("c"), start));
  CAF_CHECK(aut.append(id456, keyed("d"), start));
  CAF_CHECK_EQUAL(test::texts_of(aut.read({id456, "", "", 100}, start)),
                  (test::texts{"b", "c", "d"}));
  CAF_CHECK_EQUAL(aut.size(), 3u);
}

} // namespace inboxes_suite
