#pragma once

#include <functional>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <caf/execution_unit.hpp>
#include <caf/intrusive_ptr.hpp>
#include <caf/resumable.hpp>

namespace waybill::net {

/// A thread that serves sockets and runs the actors that own them.
///
/// It is an `io_context` to Asio and an `execution_unit` to CAF. A session and
/// its socket share this thread, so they need no lock, no strand and no thread
/// switch.
class event_loop : public caf::execution_unit {
public:
  /// Receives the message of an exception that left a handler. The handler's
  /// connection is closed by then; the loop continues.
  using error_handler = std::function<void(const std::string& message)>;

  event_loop(caf::actor_system& sys, error_handler on_error);

  ~event_loop() override;

  boost::asio::io_context& context() noexcept { return context_; }

  /// Starts the thread. It handles nothing before the threads of all loops have
  /// started, since the process ends if one cannot be started.
  /// @param all has the number of loops, and outlives them.
  void start(std::latch& all);

  /// Stops the thread. Idle connections are dropped.
  /// @pre no actor lives on this loop, and no request is in progress.
  void stop();

  /// Tells whether the caller runs on this loop.
  bool is_current() noexcept;

  /// Schedules `job`. Unlike CAF's base class, allows calls from any thread:
  /// the sender of a message to a hosted actor calls this.
  void exec_later(caf::resumable* job) override;

private:
  using job_ptr = caf::intrusive_ptr<caf::resumable>;

  void run();

  /// Runs an actor for up to `max_throughput` messages.
  void resume(job_ptr job);

  /// Schedules `run_ready`, unless it is scheduled.
  void run_soon();

  /// Runs the actors in `ready_`, and those that they wake, in rounds.
  void run_ready();

  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type>
    work_;
  error_handler on_error_;

  /// Actors woken on this thread. One posted handler runs them all, which saves
  /// one pass through Asio's queue per actor.
  std::vector<job_ptr> ready_;
  std::vector<job_ptr> running_;
  bool is_due_ = false;
  std::thread thread_;
};

} // namespace waybill::net
