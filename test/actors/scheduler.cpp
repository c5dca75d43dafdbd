#define CAF_SUITE scheduler

#include "actors/scheduler.hpp"

#include <algorithm>
#include <atomic>
#include <vector>

#include <caf/all.hpp>
#include <caf/test/dsl.hpp>

#include "actors/system_config.hpp"

namespace scheduler_suite {

using namespace waybill;
using namespace std::chrono_literals;

namespace {

struct scheduler_fixture {
  scheduler_fixture() { config.load<scheduler>(); }

  system_config config;
};

} // namespace

CAF_TEST(an actor that ends wakes no thread) {
  // The queue of CAF's clock has 64 places, and who finds it full waits for the
  // thread of the clock. None runs here.
  message_clock clock;
  for (int i = 0; i < 1000; ++i)
    clock.cancel_timeouts(nullptr);
}

CAF_TEST_FIXTURE_SCOPE(scheduler_tests, scheduler_fixture)

CAF_TEST(delayed messages arrive in the order of their times) {
  caf::actor_system sys{config};
  caf::scoped_actor self{sys};
  auto begin = std::chrono::steady_clock::now();
  for (int delay : {80, 40, 1, 60})
    self->delayed_send(self, std::chrono::milliseconds{delay}, delay);
  std::vector<int> arrived;
  for (int i = 0; i < 4; ++i)
    self->receive([&](int delay) {
      arrived.push_back(delay);
      CAF_CHECK(std::chrono::steady_clock::now() - begin
                >= std::chrono::milliseconds{delay});
    });
  CAF_CHECK_EQUAL(arrived, (std::vector{1, 40, 60, 80}));
}

CAF_TEST(a message does not wait for one that is due later) {
  caf::actor_system sys{config};
  caf::scoped_actor self{sys};
  self->delayed_send(self, 1h, 0);
  for (int i = 1; i < 20; ++i) {
    self->delayed_send(self, 1ms, i);
    self->receive([i](int number) { CAF_CHECK_EQUAL(number, i); });
  }
}

CAF_TEST(messages of one step arrive in the order of their calls) {
  caf::actor_system sys{config};
  caf::scoped_actor self{sys};
  for (int i = 0; i < 500; ++i)
    self->delayed_send(self, 20ms, i);
  std::vector<int> arrived;
  for (int i = 0; i < 500; ++i)
    self->receive([&](int number) { arrived.push_back(number); });
  CAF_CHECK(std::is_sorted(arrived.begin(), arrived.end()));
}

CAF_TEST(a message that is not due keeps no system from its end) {
  std::atomic<bool> has_ended = false;
  {
    caf::actor_system sys{config};
    // CAF refers to the arguments of a function, so there must be one.
    auto run = [](caf::event_based_actor* self, std::atomic<bool>* ended) {
      self->attach_functor([ended] { *ended = true; });
      self->delayed_send(self, 1h, 0);
      return caf::behavior{[](int) {}};
    };
    auto keeper = sys.spawn(run, &has_ended);
    caf::anon_send_exit(keeper, caf::exit_reason::user_shutdown);
  }
  CAF_CHECK(has_ended.load());
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace scheduler_suite
