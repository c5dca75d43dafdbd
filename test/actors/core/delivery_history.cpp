#define CAF_SUITE delivery_history

#include "actors/core/delivery_history.hpp"

#include "test/fixture.hpp"

namespace delivery_history_suite {

using namespace waybill;

namespace {

/// Makes a frame of a push of which nothing need be told.
frame make_frame(uint64_t delivery) {
  return {make_text("x"), nullptr, delivery};
}

/// Makes a frame of which something must be told.
frame make_tracked(const push_address& address, const std::string& push,
                   uint64_t delivery = 0) {
  auto info = std::make_unique<const delivery_info>(
    address, waybill::push{push}, delivery_info::time_point{});
  return {make_text("x"), std::move(info), delivery};
}

const auto id456 = push_address::id("456");

struct delivery_history_fixture {
  trace_events events() { return aut.events("456", "192.0.2.1"); }

  /// Returns each event with the number of its delivery.
  test::texts lines() {
    test::texts result;
    for (auto& event : events())
      result.push_back(to_string(event.type) + ' '
                       + std::to_string(event.delivery));
    return result;
  }

  /// Writes frames, each at a time of its own.
  void write(uint64_t first, uint64_t last) {
    for (auto i = first; i <= last; ++i) {
      aut.written(make_frame(i), i);
      for (auto now = trace_time(); trace_time() == now;)
        ;
    }
  }

  delivery_history aut;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(delivery_history_tests, delivery_history_fixture)

CAF_TEST(a session without pushes remembers nothing) {
  aut.received(1);
  CAF_CHECK_EQUAL(events(), trace_events{});
}

CAF_TEST(an event names the id and the client and has a time) {
  auto before = trace_time();
  aut.written(make_frame(7), 1);
  auto after = trace_time();
  auto all = events();
  CAF_REQUIRE_EQUAL(all.size(), 1u);
  CAF_CHECK(all[0].at >= before && all[0].at <= after);
  CAF_CHECK_EQUAL(all[0], (trace_event{"456", trace_event::kind::written,
                                       all[0].at, "", 7, "192.0.2.1"}));
}

CAF_TEST(eight passages are remembered) {
  write(1, 8);
  CAF_CHECK_EQUAL(
    lines(), (test::texts{"written 1", "written 2", "written 3", "written 4",
                          "written 5", "written 6", "written 7", "written 8"}));
}

CAF_TEST(a ninth passage takes the place of the oldest and says so) {
  write(1, 9);
  auto all = events();
  CAF_REQUIRE_EQUAL(all.size(), 9u);
  CAF_CHECK(all[0].type == trace_event::kind::forgotten);
  CAF_CHECK_EQUAL(all[0].id, "456");
  CAF_CHECK_EQUAL(all[0].peer, "192.0.2.1");
  CAF_CHECK_EQUAL(all[1].delivery, 9u);
  CAF_CHECK_EQUAL(all[2].delivery, 2u);
  CAF_MESSAGE("it stands at the time of the oldest that is remembered");
  CAF_CHECK_EQUAL(all[0].at, all[2].at);
}

CAF_TEST(the ring goes round more than once) {
  write(1, 20);
  auto all = events();
  CAF_REQUIRE_EQUAL(all.size(), 9u);
  std::vector<uint64_t> deliveries;
  for (auto& event : all)
    if (event.type == trace_event::kind::written)
      deliveries.push_back(event.delivery);
  std::sort(deliveries.begin(), deliveries.end());
  CAF_CHECK_EQUAL(deliveries.front(), 13u);
  CAF_CHECK_EQUAL(deliveries.back(), 20u);
  CAF_CHECK_EQUAL(all[0].at, all[5].at);
  CAF_CHECK_EQUAL(all[5].delivery, 13u);
}

CAF_TEST(the oldest passage that is remembered may be a drop) {
  aut.written(make_frame(1), 1);
  aut.dropped(make_frame(2));
  write(3, 9);
  auto all = events();
  CAF_CHECK(all[0].type == trace_event::kind::forgotten);
  CAF_CHECK(all[2].type == trace_event::kind::dropped);
  CAF_CHECK_EQUAL(all[0].at, all[2].at);
}

CAF_TEST(a client has read all frames up to the number that it confirms) {
  write(1, 3);
  aut.received(2);
  CAF_CHECK_EQUAL(lines(), (test::texts{"written 1", "received 1", "written 2",
                                        "received 2", "written 3"}));
  CAF_MESSAGE("and none twice");
  auto all = events();
  aut.received(2);
  CAF_CHECK_EQUAL(events(), all);
}

CAF_TEST(a frame that was dropped is never read) {
  aut.dropped(make_frame(1));
  aut.written(make_frame(2), 1);
  aut.received(1);
  CAF_CHECK_EQUAL(lines(),
                  (test::texts{"dropped 1", "written 2", "received 2"}));
}

CAF_TEST(a passage that takes the place of another takes none of its times) {
  aut.written(make_frame(1), 1);
  aut.received(1);
  write(2, 8);
  aut.dropped(make_frame(9));
  CAF_CHECK(lines()[1] == "dropped 9");
  CAF_CHECK(lines()[2] == "written 2");
}

CAF_TEST(a frame of which something is told carries the name of its push) {
  aut.written(make_tracked(id456, "p1"), 1);
  aut.dropped(make_tracked(id456, "p2", 7));
  auto all = events();
  CAF_REQUIRE_EQUAL(all.size(), 2u);
  CAF_CHECK_EQUAL(all[0].push, "p1");
  CAF_CHECK_EQUAL(all[0].delivery, 0u);
  CAF_CHECK_EQUAL(all[1].push, "p2");
  CAF_CHECK_EQUAL(all[1].delivery, 7u);
}

CAF_TEST(nothing is remembered of frames to others than the id) {
  aut.written(make_frame(0), 1);
  aut.written(make_tracked(push_address::topic("news"), "p1"), 2);
  aut.dropped(make_tracked(push_address::everyone(), "p2"));
  CAF_CHECK_EQUAL(events(), trace_events{});
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace delivery_history_suite
