// The session: ends in order or at once, and reports what is left.

#include "actors/session.hpp"

#include <utility>

namespace waybill {

namespace {

/// Time in which a session that ends in order waits for confirmations: frames
/// that are not confirmed are sent again.
constexpr auto confirm_time = std::chrono::seconds{1};

/// Time in which a session that ends in order writes its queue, for a client
/// that reads slowly or not at all.
constexpr auto flush_time = std::chrono::seconds{10};

} // namespace

void session::on_close(const close_reason& reason) {
  if (reason.code == close_code::try_again_later
      || reason.code == close_code::policy_violation)
    cut_off(reason);
  else
    end(reason);
}

void session::end(const close_reason& reason) {
  if (ending_)
    return;
  ending_ = reason;
  send(registry_, close_atom_v, reason);
  deadline_ = clock().now() + flush_time;
  delayed_send(this, flush_time, tick_atom_v);
  // Kept pushes are left to the next session if this one has not read the
  // mailbox to its end: a confirmation would cover the entries before them.
  drop(send_queue_.clear_kept_held(), &delivery_counts::lost);
  send_queue_.release();
  // Clients expect the greeting as the first frame, so it precedes pushes that
  // arrived before this session was greeted.
  if (send_queue_.first())
    greet();
  write_next();
}

void session::cut_off(close_reason reason) {
  if (closed_)
    return;
  // Queued frames cannot be written to a client that does not read, or only
  // sends. They would only delay the close frame.
  ending_ = std::move(reason);
  send(registry_, close_atom_v, *ending_);
  give_up(&delivery_counts::dropped);
}

void session::give_up(uint64_t delivery_counts::*part) {
  drop(send_queue_.clear(), part);
  // The registry no longer asks a session that has left its id.
  send_history();
  report_load();
  closed_ = true;
  connection_->close(*ending_);
}

bool session::may_confirm() {
  if (unread_.empty() || timed_out_)
    return false;
  if (!lingering_) {
    lingering_ = true;
    delayed_send(this, confirm_time, tick_atom_v);
  }
  return true;
}

void session::on_timeout() {
  timed_out_ = true;
  if (clock().now() >= deadline_ && !closed_)
    give_up(&delivery_counts::lost);
  else
    write_next();
}

void session::on_gone() {
  if (send_queue_.is_writing())
    drop(send_queue_.written(), &delivery_counts::lost);
  drop(send_queue_.clear(), &delivery_counts::lost);
  for (auto& frame : unread_)
    if (frame.tracked->want == receipt_level::received)
      send_report(*frame.tracked, &delivery_counts::lost);
  send_history();
  connection_ = nullptr;
  auto is_ending
    = [this](close_code code) { return ending_ && ending_->code == code; };
  if (is_ending(close_code::try_again_later))
    quit({errc::too_slow, dropped_});
  else if (is_ending(close_code::policy_violation))
    quit({errc::too_fast, dropped_});
  else if (dropped_ > 0)
    quit({errc::dropped, dropped_});
  else
    quit();
}

void session::send_history() {
  if (auto known = history_.events(id_, connection_->peer()); !known.empty())
    send(registry_, trace_atom_v, std::move(known));
  history_ = {};
}

} // namespace waybill
