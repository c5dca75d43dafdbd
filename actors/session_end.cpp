// The session: ends in order or at once, and reports what is left.

#include "actors/session.hpp"

#include <utility>

namespace waybill {

void session::on_close(const close_reason& reason) {
  execute(lifecycle_.on_close(reason, clock().now()));
}

void session::execute(session_lifecycle::command command) {
  switch (command) {
  case session_lifecycle::command::none:
    return;
  case session_lifecycle::command::read:
    if (auto next = reader_.on_queue_written())
      request_page(*next);
    return;
  case session_lifecycle::command::write:
    return write_next();
  case session_lifecycle::command::flush:
    return flush();
  case session_lifecycle::command::await_confirmations:
    delayed_send(this, session_lifecycle::confirm_time, tick_atom_v);
    return;
  case session_lifecycle::command::cut_off:
    send(registry_, close_atom_v, lifecycle_.reason());
    return give_up(&delivery_counts::dropped);
  case session_lifecycle::command::give_up:
    return give_up(&delivery_counts::lost);
  case session_lifecycle::command::close:
    return close();
  }
}

void session::flush() {
  send(registry_, close_atom_v, lifecycle_.reason());
  delayed_send(this, session_lifecycle::flush_time, tick_atom_v);
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

void session::give_up(uint64_t delivery_counts::*part) {
  drop(send_queue_.clear(), part);
  // The registry no longer asks a session that has left its id.
  send_history();
  report_load();
  close();
}

void session::close() {
  lifecycle_.on_closed();
  connection_->close(lifecycle_.reason());
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
  if (auto code = lifecycle_.exit_code(dropped_))
    quit({*code, dropped_});
  else
    quit();
}

void session::send_history() {
  if (auto known = history_.events(id_, connection_->peer()); !known.empty())
    send(registry_, trace_atom_v, std::move(known));
  history_ = {};
}

} // namespace waybill
