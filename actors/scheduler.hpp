#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/detail/thread_safe_actor_clock.hpp>
#include <caf/policy/work_sharing.hpp>
#include <caf/scheduler/coordinator.hpp>

namespace waybill {

/// Clock of delayed messages. Those of one step of time share a wake-up, since
/// each receipt has one that hardly ever matters.
///
/// CAF's own clock wakes its thread for each message and for each actor that
/// ends, whose timeouts it looks for. No actor of Waybill has any.
class message_clock : public caf::detail::thread_safe_actor_clock {
public:
  using super = caf::detail::thread_safe_actor_clock;

  /// Longest time for which a message is late.
  static constexpr auto step = std::chrono::milliseconds{10};

  using super::schedule_message;

  /// Schedules a message. Wakes the thread of the clock only if all others are
  /// due later.
  void schedule_message(time_point time, caf::strong_actor_ptr receiver,
                        caf::mailbox_element_ptr content) override;

  /// Does nothing.
  void cancel_timeouts(caf::abstract_actor*) override {
    // nop
  }

  /// Sends messages when they are due, until `stop` is called.
  void run();

  /// Ends `run`, and drops the messages that are not due yet.
  void stop();

private:
  struct message {
    caf::strong_actor_ptr receiver;
    caf::mailbox_element_ptr content;
  };

  /// Messages by the end of their step.
  using schedule = std::map<time_point, std::vector<message>>;

  std::mutex mutex_;
  std::condition_variable changed_;
  schedule schedule_;
  bool stopped_ = false;
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
  void start() override;

  void stop() override;

private:
  message_clock clock_;
  std::thread timer_;
};

} // namespace waybill
