#include "actors/scheduler.hpp"

#include <chrono>
#include <cstdint>
#include <utility>

#include <caf/detail/set_thread_name.hpp>

namespace waybill {

void message_clock::schedule_message(time_point time,
                                     caf::strong_actor_ptr receiver,
                                     caf::mailbox_element_ptr content) {
  using steps = std::chrono::duration<int64_t, std::ratio<1, 100>>;
  static_assert(steps{1} == step);
  auto end = std::chrono::ceil<steps>(time);
  std::lock_guard guard{mutex_};
  auto is_first = schedule_.empty() || end < schedule_.begin()->first;
  schedule_[end].push_back({std::move(receiver), std::move(content)});
  if (is_first)
    changed_.notify_one();
}

void message_clock::run() {
  std::unique_lock lock{mutex_};
  while (!stopped_) {
    auto first = schedule_.begin();
    if (first == schedule_.end()) {
      changed_.wait(lock);
    } else if (first->first > now()) {
      changed_.wait_until(lock, time_point{first->first});
    } else {
      auto due = schedule_.extract(first);
      lock.unlock();
      for (auto& [receiver, content] : due.mapped())
        receiver->enqueue(std::move(content), nullptr);
      // Actors end here that only their message kept.
      due = {};
      lock.lock();
    }
  }
}

void message_clock::stop() {
  schedule dropped;
  std::lock_guard guard{mutex_};
  stopped_ = true;
  dropped.swap(schedule_);
  changed_.notify_one();
}

void scheduler::start() {
  // The thread of CAF's own clock, which gets nothing to do, stays.
  super::start();
  timer_ = std::thread{[this] {
    caf::detail::set_thread_name("waybill.clock");
    clock_.run();
  }};
}

void scheduler::stop() {
  super::stop();
  clock_.stop();
  timer_.join();
}

} // namespace waybill
