#define CAF_SUITE silence_meter

#include "redis/silence_meter.hpp"

#include <caf/test/dsl.hpp>

namespace silence_meter_suite {

using namespace waybill::redis;
using namespace std::chrono_literals;

namespace {

const silence_meter::time_point start{1h};

} // namespace

CAF_TEST(a link without a byte is dead after three seconds) {
  silence_meter aut{start};
  CAF_CHECK(!aut.is_dead(start + 2999ms));
  CAF_CHECK(aut.is_dead(start + 3s));
  aut.on_proof(start + 2s);
  CAF_CHECK(!aut.is_dead(start + 3s));
  CAF_CHECK(aut.is_dead(start + 5s));
}

CAF_TEST(a link that is behind lives while canaries leave and bytes arrive) {
  silence_meter aut{start};
  for (auto passed = 0s; passed < 30s; passed += 2s) {
    aut.on_bytes(start + passed);
    aut.on_accepted(start + passed);
    CAF_CHECK(!aut.is_dead(start + passed + 1s));
  }
  CAF_MESSAGE("but not for ever");
  CAF_CHECK(aut.is_dead(start + 30s));
  aut.on_proof(start + 30s);
  CAF_CHECK(!aut.is_dead(start + 30s));
}

CAF_TEST(a link whose commands are not answered is dead though bytes arrive) {
  silence_meter aut{start};
  aut.on_bytes(start + 3s);
  CAF_CHECK(aut.is_dead(start + 3s));
  aut.on_accepted(start + 3s);
  CAF_CHECK(!aut.is_dead(start + 3s));
}

CAF_TEST(a link that stops in the middle of a message is dead) {
  silence_meter aut{start};
  aut.on_bytes(start + 4s);
  aut.on_accepted(start + 7s);
  CAF_CHECK(aut.is_dead(start + 7s));
}

CAF_TEST(time in which the node itself stood still is no silence) {
  silence_meter aut{start};
  aut.on_tick(start + 500ms);
  aut.on_tick(start + 20s);
  CAF_CHECK(!aut.is_dead(start + 20s));
  CAF_MESSAGE("but half a second before it, one of it, and 1.5 s after it are");
  CAF_CHECK(!aut.is_dead(start + 21499ms));
  CAF_CHECK(aut.is_dead(start + 21500ms));
}

CAF_TEST(a new link of a node that stood still is not silent in advance) {
  silence_meter aut{start};
  aut.on_proof(start + 20s);
  aut.on_tick(start + 20s);
  CAF_CHECK(!aut.is_dead(start + 22999ms));
  CAF_CHECK(aut.is_dead(start + 23s));
}

} // namespace silence_meter_suite
