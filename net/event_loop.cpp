#include "net/event_loop.hpp"

#include <cassert>
#include <utility>

#include <boost/asio/post.hpp>

namespace waybill::net {

namespace {

/// Limits the messages that an actor handles in one round, and the rounds
/// before sockets are served again.
constexpr size_t max_throughput = 50;
constexpr size_t max_rounds = 32;

} // namespace

event_loop::event_loop(caf::actor_system& sys, error_handler on_error)
    : caf::execution_unit(&sys), context_(1), work_(context_.get_executor()),
      on_error_(std::move(on_error)) {
  // nop
}

event_loop::~event_loop() {
  stop();
}

void event_loop::start(std::latch& all) {
  thread_ = std::thread{[this, &all] {
    all.arrive_and_wait();
    run();
  }};
}

void event_loop::stop() {
  work_.reset();
  context_.stop();
  if (thread_.joinable())
    thread_.join();
}

bool event_loop::is_current() noexcept {
  return context_.get_executor().running_in_this_thread();
}

void event_loop::exec_later(caf::resumable* ptr) {
  // CAF transfers ownership of a reference with the pointer.
  auto job = job_ptr{ptr, false};
  if (!is_current()) {
    boost::asio::post(context_, [this, job = std::move(job)]() mutable {
      resume(std::move(job));
    });
    return;
  }
  ready_.push_back(std::move(job));
  run_soon();
}

void event_loop::run() {
  for (;;) {
    try {
      context_.run();
      return;
    } catch (const std::exception& e) {
      on_error_(e.what());
    } catch (...) {
      on_error_("unknown exception");
    }
  }
}

void event_loop::run_soon() {
  if (!std::exchange(is_due_, true))
    boost::asio::post(context_, [this] { run_ready(); });
}

void event_loop::run_ready() {
  for (size_t round = 0; round < max_rounds && !ready_.empty(); ++round) {
    running_.swap(ready_);
    for (auto& job : running_)
      resume(std::move(job));
    running_.clear();
  }
  is_due_ = false;
  if (!ready_.empty())
    run_soon();
}

void event_loop::resume(job_ptr job) {
  assert(is_current());
  if (job->resume(this, max_throughput) == caf::resumable::resume_later)
    exec_later(job.release());
}

} // namespace waybill::net
