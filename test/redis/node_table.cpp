#define CAF_SUITE node_table

#include "redis/node_table.hpp"
#include "test/fixture.hpp"

namespace node_table_suite {

using namespace waybill::redis;
using namespace std::chrono_literals;

namespace {

struct node_table_fixture {
  node_table_fixture() { aut.on_ready(now); }

  void beat_of(const std::string& node, uint64_t client = 7) {
    aut.on_beat({node, client}, now);
  }

  /// Beats in time, as a node does that has returned.
  void return_of(const std::string& node, uint64_t client = 7) {
    beat_of(node, client);
    now += 1s;
    beat_of(node, client);
  }

  /// Records canaries, and returns the nodes that become silent meanwhile.
  std::vector<std::string> hear_canaries(int count) {
    std::vector<std::string> result;
    for (int i = 0; i < count; ++i) {
      now += 500ms;
      for (auto& node : aut.on_canary())
        result.push_back(node.name + ' ' + std::to_string(node.client));
    }
    return result;
  }

  node_table aut{"n1"};
  node_table::time_point now{};
};

using names = std::vector<std::string>;

} // namespace

CAF_TEST_FIXTURE_SCOPE(node_table_tests, node_table_fixture)

CAF_TEST(counts each node that was heard within three seconds) {
  CAF_CHECK_EQUAL(aut.present(now), 1u);
  beat_of("n1");
  CAF_CHECK_EQUAL(aut.present(now), 1u);
  beat_of("n2");
  now += 2s;
  beat_of("n3");
  CAF_CHECK_EQUAL(aut.present(now + 1s), 3u);
  CAF_CHECK_EQUAL(aut.present(now + 2s), 2u);
}

CAF_TEST(does not miss a node that has ended) {
  beat_of("n2");
  CAF_CHECK_EQUAL(aut.expected(now), 1u);
  aut.on_beat({"n2", 7, true}, now);
  CAF_CHECK_EQUAL(aut.present(now), 1u);
}

CAF_TEST(misses who was there before Redis went away until it is back) {
  beat_of("n2");
  beat_of("n3");
  now += 1s;
  aut.on_away();
  now += 1h;
  aut.on_ready(now);
  CAF_CHECK_EQUAL(aut.expected(now), 3u);
  return_of("n2");
  CAF_MESSAGE("one of them is not enough");
  CAF_CHECK_EQUAL(aut.expected(now + 9s), 3u);
  CAF_MESSAGE("for ten seconds");
  CAF_CHECK_EQUAL(aut.expected(now + 10s), 1u);
}

CAF_TEST(misses nobody when all are back) {
  beat_of("n2");
  now += 1s;
  aut.on_away();
  aut.on_ready(now);
  return_of("n2");
  CAF_CHECK_EQUAL(aut.expected(now), 1u);
}

CAF_TEST(a node that Redis counts no more when its beats stop has ended) {
  beat_of("n2");
  aut.on_count(1, now + 1s);
  aut.on_count(1, now + 2s);
  CAF_CHECK_EQUAL(aut.present(now + 2s), 1u);
  CAF_CHECK_EQUAL(aut.expected(now + 2s), 1u);
  CAF_MESSAGE("and is not missed later");
  aut.on_count(1, now + 5s);
  CAF_CHECK_EQUAL(aut.expected(now + 5s), 1u);
}

CAF_TEST(misses a silent node that Redis still counted) {
  beat_of("n2");
  aut.on_count(2, now + 1500ms);
  CAF_CHECK_EQUAL(aut.expected(now + 1500ms), 1u);
  aut.on_count(2, now + 2s);
  CAF_CHECK_EQUAL(aut.expected(now + 2s), 2u);
  CAF_MESSAGE("even when Redis no longer counts it");
  aut.on_count(1, now + 3s);
  CAF_CHECK_EQUAL(aut.expected(now + 3s), 2u);
  CAF_CHECK_EQUAL(aut.expected(now + 11s), 1u);
}

CAF_TEST(misses who says that it will be back) {
  beat_of("n2");
  aut.on_beat({"n2", 0, false, true}, now);
  CAF_CHECK_EQUAL(aut.expected(now + 10s), 2u);
  return_of("n2", 8);
  CAF_CHECK_EQUAL(aut.expected(now), 1u);
}

CAF_TEST(misses who was cut off for ten seconds after its last beat) {
  beat_of("n2");
  now += 4s;
  aut.on_cut_off("n2");
  CAF_CHECK_EQUAL(aut.expected(now + 6s), 2u);
  CAF_MESSAGE("unless it has returned");
  return_of("n2", 8);
  CAF_CHECK_EQUAL(aut.expected(now), 1u);
}

CAF_TEST(does not take a beat of before its own outage for a node that is back) {
  beat_of("n2");
  now += 4s;
  aut.on_away();
  aut.on_ready(now);
  beat_of("n2");
  CAF_CHECK_EQUAL(aut.expected(now), 2u);
}

CAF_TEST(does not take beats that were held back for a node that is back) {
  beat_of("n2");
  now += 2s;
  aut.on_count(2, now);
  CAF_CHECK_EQUAL(aut.expected(now), 2u);
  now += 1s;
  for (int i = 0; i < 3; ++i)
    beat_of("n2");
  CAF_CHECK_EQUAL(aut.expected(now), 2u);
  CAF_MESSAGE("but those that arrive on time");
  now += 1s;
  beat_of("n2");
  CAF_CHECK_EQUAL(aut.expected(now), 1u);
}

CAF_TEST(a node without a beat for eight canaries is silent once) {
  beat_of("n2", 2);
  beat_of("n3", 3);
  CAF_CHECK_EQUAL(hear_canaries(7), names{});
  beat_of("n3", 3);
  CAF_CHECK_EQUAL(hear_canaries(1), names{"n2 2"});
  CAF_CHECK_EQUAL(hear_canaries(7), names{"n3 3"});
  CAF_CHECK_EQUAL(hear_canaries(20), names{});
}

CAF_TEST(who was away itself takes nobody for silent) {
  beat_of("n2", 2);
  hear_canaries(7);
  aut.on_away();
  aut.on_ready(now);
  CAF_CHECK_EQUAL(hear_canaries(7), names{});
  CAF_MESSAGE("and names no connection of the earlier link");
  CAF_CHECK_EQUAL(hear_canaries(1), names{"n2 0"});
}

CAF_TEST(a new master expects the nodes of another for ten seconds) {
  aut.on_inherited(3);
  CAF_CHECK_EQUAL(aut.expected(now), 3u);
  CAF_CHECK_EQUAL(aut.expected(now + 10s), 3u);
  CAF_CHECK_EQUAL(aut.expected(now + 11s), 1u);
  CAF_MESSAGE("counted from when it is ready");
  aut.on_away();
  aut.on_inherited(3);
  CAF_CHECK_EQUAL(aut.expected(now + 60s), 3u);
  aut.on_ready(now + 60s);
  CAF_CHECK_EQUAL(aut.expected(now + 70s), 3u);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace node_table_suite
