#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "net/timer.hpp"

namespace waybill::net {

/// A timer of an object that is set often and rarely expires. While it wakes up
/// before the new time, setting it again costs the event loop nothing: it then
/// waits for the rest.
/// @tparam Owner derives from `std::enable_shared_from_this` and has the timer
///         as a member.
template <class Owner>
class lazy_timer {
public:
  using handler = void (Owner::*)();

  explicit lazy_timer(timer_type timer) : timer_(std::move(timer)) {
    // nop
  }

  /// Calls `then` after `time`, unless the timer is set again or cleared.
  void set(Owner& owner, std::chrono::milliseconds time, handler then) {
    then_ = then;
    deadline_ = clock::now() + time;
    if (!is_waiting_ || timer_.expiry() > deadline_)
      wait(owner);
  }

  /// Calls nothing.
  void clear() noexcept { then_ = nullptr; }

private:
  using clock = timer_type::clock_type;

  /// Longest time between two wake-ups, shorter than most times that are set.
  static constexpr auto longest_wait = std::chrono::seconds{5};

  void wait(Owner& owner) {
    is_waiting_ = true;
    timer_.expires_at(std::min(deadline_, clock::now() + longest_wait));
    timer_.async_wait(
      [this, weak = owner.weak_from_this()](boost::system::error_code ec) {
        auto owner = weak.lock();
        // A wait that has expired cannot be cancelled by the next.
        if (owner && !ec && timer_.expiry() <= clock::now())
          on_expiry(*owner);
      });
  }

  void on_expiry(Owner& owner) {
    is_waiting_ = false;
    if (then_ && clock::now() < deadline_)
      wait(owner);
    else if (auto then = std::exchange(then_, nullptr))
      (owner.*then)();
  }

  timer_type timer_;
  clock::time_point deadline_;
  handler then_ = nullptr;
  bool is_waiting_ = false;
};

} // namespace waybill::net
