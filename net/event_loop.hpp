#pragma once

#include <functional>
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
/// its socket share this one thread: no lock, no strand, no hop between them.
class event_loop : public caf::execution_unit {
public:
  /// Gets what an exception said that left a handler. The connection whose
  /// handler that was is closed by then; the loop goes on.
  using error_handler = std::function<void(const std::string& message)>;

  event_loop(caf::actor_system& sys, error_handler on_error);

  ~event_loop() override;

  boost::asio::io_context& context() noexcept { return context_; }

  /// Starts the thread.
  void start();

  /// Ends the thread. Connections that wait for a request are dropped.
  /// @pre no actor lives here any more, and no request is under way.
  void stop();

  /// Tells whether the caller runs on this loop.
  bool is_current() noexcept;

  /// Runs `job` soon. May be called from any thread, other than CAF's base
  /// class says: whoever sends to a hosted actor calls this.
  void exec_later(caf::resumable* job) override;

private:
  using job_ptr = caf::intrusive_ptr<caf::resumable>;

  void run();

  /// Runs an actor for a few messages.
  void resume(job_ptr job);

  /// Runs all actors that this loop's own thread has woken.
  void run_ready();

  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type>
    work_;
  error_handler on_error_;

  /// Actors woken on this thread: they wait here, and one posted handler runs
  /// them all, which saves each a way through Asio's queue.
  std::vector<job_ptr> ready_;
  std::vector<job_ptr> running_;
  std::thread thread_;
};

} // namespace waybill::net
