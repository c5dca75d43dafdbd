#define CAF_SUITE send_queue

#include "actors/core/send_queue.hpp"

#include "test/fixture.hpp"

namespace send_queue_suite {

using namespace waybill;

namespace {

frame plain(const std::string& text) {
  return {make_text(text)};
}

frame kept(const std::string& text) {
  push push{text, make_text(text)};
  push.entry = text;
  return {push.body,
          std::make_unique<const delivery_info>(push_address::id("456"), push,
                                                delivery_info::time_point{})};
}

/// Returns a frame with a `collapse`, which is kept if it has an entry.
frame keyed(const std::string& text, const std::string& key,
            const std::string& entry = "") {
  push push{text, make_text(text)};
  push.collapse = key;
  push.entry = entry;
  return {push.body,
          std::make_unique<const delivery_info>(push_address::id("456"), push,
                                                delivery_info::time_point{})};
}

test::texts texts_of(const frames& all) {
  test::texts result;
  for (auto& frame : all)
    result.emplace_back(frame.body.bytes());
  return result;
}

/// Removes all queued frames, in the order in which they would be written.
test::texts drain(send_queue& from) {
  test::texts result;
  while (from.first())
    result.emplace_back(from.take_first().body.bytes());
  return result;
}

} // namespace

CAF_TEST(has limits of bytes and of frames) {
  send_queue aut{10, 3};
  aut.put(plain("1234567890"));
  CAF_CHECK(aut.has_room(0));
  CAF_CHECK(!aut.has_room(1));
  aut.hold(plain(""));
  aut.put(plain(""));
  CAF_CHECK(!aut.has_room(0));
  aut.take_first();
  CAF_CHECK(aut.has_room(10));
  CAF_CHECK(!aut.has_room(11));
}

CAF_TEST(drops the oldest first and never the frame in flight) {
  send_queue aut{30, 100};
  for (auto text : {"0123456789", "a", "bcdefghijk", "l"})
    aut.put(plain(text));
  aut.begin();
  CAF_CHECK_EQUAL(texts_of(aut.make_room(8)), test::texts{});
  CAF_CHECK_EQUAL(texts_of(aut.make_room(10)),
                  (test::texts{"a", "bcdefghijk"}));
  CAF_CHECK_EQUAL(aut.bytes(), 11u);
  CAF_CHECK_EQUAL(texts_of(aut.make_room(100)), test::texts{"l"});
  CAF_CHECK(!aut.has_waiting());
  auto first = aut.written();
  CAF_CHECK_EQUAL(first.body.bytes(), "0123456789");
}

CAF_TEST(drops no kept frame for others and held frames last) {
  send_queue aut{6, 100};
  aut.put(plain("a"));
  aut.put(kept("1"));
  aut.put(plain("b"));
  aut.hold(kept("2"));
  aut.hold(plain("c"));
  CAF_CHECK_EQUAL(texts_of(aut.make_room(4)), (test::texts{"a", "b", "c"}));
  aut.release();
  CAF_CHECK_EQUAL(drain(aut), (test::texts{"1", "2"}));
}

CAF_TEST(knows the last entry that can be confirmed) {
  send_queue aut{100, 100};
  aut.put(kept("1"));
  aut.put(kept("2"));
  CAF_CHECK_EQUAL(aut.last_entry(), "2");
  aut.begin();
  CAF_CHECK_EQUAL(texts_of(aut.clear()), test::texts{"2"});
  CAF_CHECK_EQUAL(aut.last_entry(), "1");
}

CAF_TEST(releases held frames up to an entry) {
  send_queue aut{100, 100};
  aut.hold(plain("a"));
  aut.hold(kept("1"));
  aut.hold(plain("b"));
  CAF_CHECK(!aut.release_to("2"));
  CAF_CHECK(aut.release_to("1"));
  CAF_CHECK_EQUAL(drain(aut), (test::texts{"a", "1"}));
  CAF_CHECK_EQUAL(aut.bytes(), 1u);
}

CAF_TEST(a push supersedes those of its key but not that in flight) {
  send_queue aut{100, 100};
  aut.put(keyed("a", "k"));
  aut.begin();
  for (auto text : {"b", "c"}) {
    aut.put(keyed(text, "k"));
    aut.put(keyed(text, "other"));
    aut.put(plain(text));
  }
  aut.hold(keyed("d", "k"));
  CAF_CHECK_EQUAL(texts_of(aut.supersede(keyed("e", "k"))),
                  (test::texts{"b", "c", "d"}));
  CAF_CHECK_EQUAL(aut.bytes(), 5u);
  aut.written();
  CAF_CHECK_EQUAL(drain(aut), (test::texts{"b", "b", "c", "c"}));
}

CAF_TEST(only a kept push supersedes one that is kept) {
  send_queue aut{100, 100};
  aut.put(keyed("a", "k", "1-0"));
  aut.hold(keyed("b", "k"));
  CAF_CHECK(!aut.has_held("k"));
  CAF_CHECK_EQUAL(texts_of(aut.supersede(keyed("c", "k"))), test::texts{"b"});
  aut.hold(keyed("d", "k", "2-0"));
  CAF_CHECK(aut.has_held("k") && !aut.has_held("other"));
  CAF_CHECK_EQUAL(texts_of(aut.supersede(keyed("e", "k", "3-0"))),
                  (test::texts{"a", "d"}));
}

CAF_TEST(a frame expires with the shorter of its times) {
  auto expiry
    = [](std::chrono::milliseconds ttl, std::chrono::milliseconds fresh) {
        push push{"a"};
        push.ttl = ttl;
        push.fresh = fresh;
        delivery_info info{push_address::id("456"), push,
                           delivery_info::time_point{}};
        return std::chrono::ceil<std::chrono::milliseconds>(
                 info.expiry - delivery_info::time_point{})
          .count();
      };
  using std::chrono::milliseconds;
  CAF_CHECK_EQUAL(expiry(milliseconds{5}, milliseconds{0}), 5);
  CAF_CHECK_EQUAL(expiry(milliseconds{0}, milliseconds{4}), 4);
  CAF_CHECK_EQUAL(expiry(milliseconds{5}, milliseconds{4}), 4);
}

} // namespace send_queue_suite
