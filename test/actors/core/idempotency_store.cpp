#define CAF_SUITE idempotency_store

#include "actors/core/idempotency_store.hpp"

#include <caf/test/dsl.hpp>

namespace idempotency_store_suite {

using namespace waybill;
using namespace std::chrono_literals;

namespace {

const auto id456 = push_address::id("456");
const idempotency_store::time_point start{1h};

push make_push(const std::string& id,
               receipt_level want = receipt_level::routed) {
  push result{id, make_text("text")};
  result.key = "k";
  result.want = want;
  if (want != receipt_level::routed)
    result.reply_to = "n1";
  return result;
}

/// Makes the outcome of a push that was sent to so many nodes.
outcome sent_to(uint64_t nodes, const push& push) {
  outcome result{push.id, push.want};
  result.counts.nodes = nodes;
  return result;
}

struct idempotency_store_fixture {
  /// Returns the push that a key stands for, or the error, or nothing.
  std::string find(const push& push,
                   idempotency_store::time_point now = start) {
    auto found = aut.find(id456, push, now);
    if (!found)
      return "";
    if (*found)
      return (*found)->push;
    return to_string(static_cast<errc>(found->error().code()));
  }

  void add(const push& push, uint64_t nodes = 1,
           idempotency_store::time_point now = start) {
    aut.add(id456, push, sent_to(nodes, push), now);
  }

  idempotency_store aut;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(idempotency_store_tests, idempotency_store_fixture)

CAF_TEST(a key stands for its first push for ten minutes) {
  CAF_CHECK_EQUAL(find(make_push("a")), "");
  add(make_push("a"));
  CAF_CHECK_EQUAL(find(make_push("b")), "a");
  CAF_CHECK_EQUAL(find(make_push("b"), start + 600s - 1ns), "a");
  CAF_CHECK_EQUAL(find(make_push("b"), start + 600s), "");
}

CAF_TEST(each key ends in its own time) {
  add(make_push("a"));
  auto other = make_push("b");
  other.key = "l";
  add(other, 1, start + 1s);
  CAF_CHECK_EQUAL(find(make_push("c"), start + 600s), "");
  CAF_CHECK_EQUAL(find(other, start + 600s), "b");
  CAF_CHECK_EQUAL(find(other, start + 601s), "");
}

CAF_TEST(a key is refused for another body) {
  add(make_push("a"));
  auto push = make_push("b");
  push.body = make_text("text ");
  CAF_CHECK_EQUAL(find(push), to_string(errc::key_reused));
  CAF_MESSAGE("the same bytes of another format are another body");
  push.body = {payload::format::binary, "text"};
  CAF_CHECK_EQUAL(find(push), to_string(errc::key_reused));
}

CAF_TEST(a key is known for each address) {
  add(make_push("a", receipt_level::written));
  auto other = make_push("b", receipt_level::written);
  for (auto& address : {push_address::id("457"), push_address::topic("456"),
                        push_address::everyone()}) {
    CAF_CHECK(!aut.find(address, other, start));
    aut.add(address, other, sent_to(1, other), start);
    aut.record_outcome(address, "k", sent_to(1, other));
    CAF_CHECK(!aut.find(address, other, start));
  }
  CAF_CHECK_EQUAL(find(other), to_string(errc::in_flight));
}

CAF_TEST(a key is refused for another body while its push is under way) {
  add(make_push("a", receipt_level::written));
  auto push = make_push("b", receipt_level::written);
  push.body = make_text("other");
  CAF_CHECK_EQUAL(find(push), to_string(errc::key_reused));
}

CAF_TEST(a key is under way until its push is settled) {
  auto push = make_push("a", receipt_level::received);
  add(push);
  CAF_CHECK_EQUAL(find(push), to_string(errc::in_flight));
  CAF_MESSAGE("but the number of nodes is known from the start");
  CAF_CHECK_EQUAL(find(make_push("b")), "a");
  auto settled = sent_to(1, push);
  settled.counts.sessions = settled.counts.received = 1;
  aut.record_outcome(id456, "k", settled);
  auto found = aut.find(id456, push, start);
  CAF_REQUIRE(found && *found);
  CAF_CHECK((*found)->counts == settled.counts);
  CAF_CHECK((*found)->want == receipt_level::received);
}

CAF_TEST(a repeat that asks for more is not told more than is known) {
  add(make_push("a"), 2);
  auto found = aut.find(id456, make_push("b", receipt_level::written), start);
  CAF_REQUIRE(found && *found);
  CAF_CHECK((*found)->want == receipt_level::written);
  CAF_CHECK_EQUAL((*found)->unknown, 2u);
}

CAF_TEST(a key is free when its push surely reached nobody) {
  auto push = make_push("a", receipt_level::written);
  add(push);
  aut.record_outcome(id456, "k", sent_to(1, push));
  CAF_CHECK_EQUAL(find(push), "");
}

CAF_TEST(a key is not free while its push may have reached somebody) {
  auto push = make_push("a", receipt_level::written);
  add(push);
  auto settled = sent_to(1, push);
  settled.unknown = 1;
  aut.record_outcome(id456, "k", settled);
  CAF_CHECK_EQUAL(find(push), "a");
}

CAF_TEST(a key is not free while its push is kept) {
  auto push = make_push("a", receipt_level::written);
  add(push, 0);
  auto settled = sent_to(0, push);
  settled.kept = true;
  aut.record_outcome(id456, "k", settled);
  CAF_CHECK_EQUAL(find(push), "a");
}

CAF_TEST(a key that was freed and used again lasts ten minutes from then) {
  auto push = make_push("a", receipt_level::written);
  add(push);
  aut.record_outcome(id456, "k", sent_to(1, push));
  add(make_push("b"), 1, start + 300s);
  CAF_CHECK_EQUAL(find(make_push("c"), start + 600s), "b");
  CAF_CHECK_EQUAL(find(make_push("c"), start + 900s - 1ns), "b");
  CAF_CHECK_EQUAL(find(make_push("c"), start + 900s), "");
}

CAF_TEST(an outcome of another push changes nothing) {
  auto push = make_push("a", receipt_level::written);
  auto other = make_push("b", receipt_level::written);
  aut.record_outcome(id456, "k", sent_to(1, other));
  CAF_CHECK_EQUAL(find(push), "");
  add(push);
  aut.record_outcome(id456, "k", sent_to(0, other));
  CAF_CHECK_EQUAL(find(push), to_string(errc::in_flight));
  aut.record_outcome(id456, "l", sent_to(0, push));
  CAF_CHECK_EQUAL(find(push), to_string(errc::in_flight));
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace idempotency_store_suite
