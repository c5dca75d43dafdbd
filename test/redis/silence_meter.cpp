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

CAF_TEST(a link that is behind lives while bytes arrive) {
  silence_meter aut{start};
  for (auto passed = 0s; passed < 30s; passed += 2s) {
    aut.on_bytes(start + passed);
    CAF_CHECK(!aut.is_dead(start + passed + 1s));
  }
  CAF_MESSAGE("but bytes do not prove that its own channel is subscribed");
  CAF_CHECK(aut.is_dead(start + 30s));
  aut.on_proof(start + 30s);
  CAF_CHECK(!aut.is_dead(start + 30s));
}

CAF_TEST(a link that stops in the middle of a message is dead) {
  silence_meter aut{start};
  aut.on_bytes(start + 4s);
  CAF_CHECK(aut.is_dead(start + 7s));
}

} // namespace silence_meter_suite
