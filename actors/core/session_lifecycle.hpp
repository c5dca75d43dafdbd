#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include <caf/actor_clock.hpp>

#include "actors/core/close_reason.hpp"
#include "actors/core/errc.hpp"

namespace waybill {

/// State machine of a session, from its join to its close frame. Each event
/// returns a command to the session; the machine does no I/O and sets no timer.
///
/// A session ends in order: it writes its queue, waits for confirmations, and
/// closes, each within a time. A client that broke a limit is closed at once:
/// frames cannot be written to one that does not read, or only sends, and would
/// only delay the close frame.
class session_lifecycle {
public:
  using time_point = caf::actor_clock::time_point;

  /// Time in which a session that ends in order writes its queue, for a client
  /// that reads slowly or not at all.
  static constexpr auto flush_time = std::chrono::seconds{10};

  /// Time in which a session that ends in order waits for confirmations: frames
  /// that are not confirmed are sent again.
  static constexpr auto confirm_time = std::chrono::seconds{1};

  enum class phase : uint8_t {
    /// The client has not been greeted; pushes wait until then.
    joining,
    /// The client gets pushes.
    open,
    /// The session ends, and writes its queue.
    flushing,
    /// The queue has been written; the last confirmations are pending.
    confirming,
    /// No more confirmations are waited for: closes when the queue is written.
    finishing,
    /// The transport closes; nothing more is written.
    closed,
  };

  enum class command : uint8_t {
    /// Does nothing.
    none,
    /// Requests the next page of the mailbox, if there is one.
    read,
    /// Writes the next frame.
    write,
    /// Ends in order: leaves its addresses, calls `on_timeout` after
    /// `flush_time`, and writes its queue.
    flush,
    /// Calls `on_timeout` after `confirm_time`.
    await_confirmations,
    /// Ends at once: leaves its addresses, drops its queue, and closes.
    cut_off,
    /// Drops its queue, for which there is no more time, and closes.
    give_up,
    /// Closes the transport.
    close,
  };

  // -- events -----------------------------------------------------------------

  /// The client is greeted: the first frame may be written.
  void on_greeted();

  /// The session is to end. Of several orderly ends the first counts; a broken
  /// limit overrides those.
  command on_close(close_reason reason, time_point now);

  /// The time of `flush` or `await_confirmations` is over.
  command on_timeout(time_point now);

  /// The queue has been written.
  /// @param all_confirmed is set if no confirmation is due from the client.
  command on_queue_written(bool all_confirmed);

  /// The transport is about to be closed, with `reason()`.
  /// @pre `is_ending()`
  void on_closed();

  // -- observers --------------------------------------------------------------

  /// Returns whether frames may be written.
  bool may_write() const noexcept {
    return phase_ != phase::joining && phase_ != phase::closed;
  }

  /// Returns whether messages of the client are accepted: a session that is
  /// closed for cause ignores them; a draining one still takes them.
  bool takes_input() const noexcept {
    return !reason_ || reason_->code == close_code::going_away;
  }

  /// Returns whether the session is ending or closed.
  bool is_ending() const noexcept { return reason_.has_value(); }

  bool is_closed() const noexcept { return phase_ == phase::closed; }

  /// Returns the content of the close frame.
  /// @pre `is_ending()`
  const close_reason& reason() const noexcept { return *reason_; }

  /// Returns the exit reason of a session whose WebSocket has ended; nothing
  /// for a normal one.
  /// @param dropped the number of frames that were not written.
  std::optional<errc> exit_code(uint64_t dropped) const;

private:
  phase phase_ = phase::joining;

  /// Set once the session is ending.
  std::optional<close_reason> reason_;

  /// End of the time in which the queue is written.
  time_point deadline_;
};

} // namespace waybill
