#include "actors/core/session_lifecycle.hpp"

#include <cassert>
#include <utility>

namespace waybill {

void session_lifecycle::on_greeted() {
  if (phase_ == phase::joining)
    phase_ = phase::open;
}

session_lifecycle::command session_lifecycle::on_close(close_reason reason,
                                                       time_point now) {
  if (is_closed())
    return command::none;
  auto broke_limit = reason.code == close_code::try_again_later
                     || reason.code == close_code::policy_violation;
  if (!broke_limit && is_ending())
    return command::none;
  reason_ = std::move(reason);
  if (broke_limit) {
    phase_ = phase::finishing;
    return command::cut_off;
  }
  phase_ = phase::flushing;
  deadline_ = now + flush_time;
  return command::flush;
}

session_lifecycle::command session_lifecycle::on_timeout(time_point now) {
  if (!is_ending() || is_closed())
    return command::none;
  if (now >= deadline_)
    return command::give_up;
  phase_ = phase::finishing;
  return command::write;
}

session_lifecycle::command
session_lifecycle::on_queue_written(bool all_confirmed) {
  switch (phase_) {
  case phase::joining:
  case phase::closed:
    return command::none;
  case phase::open:
    return command::read;
  case phase::flushing:
    if (all_confirmed)
      return command::close;
    phase_ = phase::confirming;
    return command::await_confirmations;
  case phase::confirming:
    return all_confirmed ? command::close : command::none;
  case phase::finishing:
    return command::close;
  }
  return command::none;
}

void session_lifecycle::on_closed() {
  assert(is_ending());
  phase_ = phase::closed;
}

std::optional<errc> session_lifecycle::exit_code(uint64_t dropped) const {
  if (reason_ && reason_->code == close_code::try_again_later)
    return errc::too_slow;
  if (reason_ && reason_->code == close_code::policy_violation)
    return errc::too_fast;
  if (dropped > 0)
    return errc::dropped;
  return std::nullopt;
}

} // namespace waybill
