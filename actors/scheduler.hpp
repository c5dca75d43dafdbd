#pragma once

#include <thread>

#include <caf/actor_system.hpp>
#include <caf/detail/set_thread_name.hpp>
#include <caf/detail/thread_safe_actor_clock.hpp>
#include <caf/policy/work_sharing.hpp>
#include <caf/scheduler/coordinator.hpp>

namespace waybill {

/// Clock of delayed messages, which are never cancelled.
class message_clock : public caf::detail::thread_safe_actor_clock {
public:
  /// Does nothing. CAF calls it for each actor that ends, and would wake the
  /// thread of the clock to look for timeouts, which no actor of Waybill has.
  void cancel_timeouts(caf::abstract_actor*) override {
    // nop
  }
};

/// CAF's scheduler with another clock.
class scheduler
    : public caf::scheduler::coordinator<caf::policy::work_sharing> {
public:
  using super = caf::scheduler::coordinator<caf::policy::work_sharing>;

  using super::super;

  /// Makes the scheduler of an actor system, for
  /// `caf::actor_system_config::load`.
  static caf::actor_system::module* make(caf::actor_system& sys,
                                         caf::detail::type_list<>) {
    return new scheduler(sys);
  }

  message_clock& clock() noexcept override { return clock_; }

protected:
  void start() override {
    // The thread of CAF's own clock, which gets nothing to do, stays.
    super::start();
    timer_ = std::thread{[this] {
      caf::detail::set_thread_name("waybill.clock");
      clock_.run_dispatch_loop();
    }};
  }

  void stop() override {
    super::stop();
    clock_.cancel_dispatch_loop();
    timer_.join();
  }

private:
  message_clock clock_;
  std::thread timer_;
};

} // namespace waybill
