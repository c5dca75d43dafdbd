#define CAF_SUITE scheduler

#include "actors/scheduler.hpp"

#include <caf/all.hpp>
#include <caf/test/dsl.hpp>

#include "actors/system_config.hpp"

using namespace waybill;
using namespace std::chrono_literals;

CAF_TEST(an actor that ends wakes no thread) {
  // Its queue has 64 places, and a thread that is full waits. None runs here.
  message_clock clock;
  for (int i = 0; i < 1000; ++i)
    clock.cancel_timeouts(nullptr);
}

CAF_TEST(a delayed message arrives) {
  system_config config;
  config.load<scheduler>();
  caf::actor_system sys{config};
  CAF_CHECK(dynamic_cast<message_clock*>(&sys.clock()));
  caf::scoped_actor self{sys};
  self->delayed_send(self, 1ms, caf::tick_atom::value);
  self->receive([](caf::tick_atom) { CAF_MESSAGE("arrived"); });
}
