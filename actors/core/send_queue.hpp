#pragma once

#include <list>
#include <memory>
#include <string>
#include <vector>

#include <caf/actor_clock.hpp>

#include "actors/core/push.hpp"

namespace waybill {

/// Delivery data of a frame, for reports and confirmations. It is kept until
/// the client confirms the frame, so it holds no payload.
struct delivery_info {
  using time_point = caf::actor_clock::time_point;

  delivery_info(push_address address, const push& push, time_point now);

  push_address address;

  /// As in `push`.
  std::string id;
  std::string reply_to;
  std::string entry;
  std::string collapse;
  receipt_level want;

  /// The span of a delivery.
  struct span_info {
    trace_context context;

    /// The span of the push.
    uint64_t parent;

    /// Time by the clock of the node, in microseconds since 1970.
    int64_t began;
  };

  /// Set if the pusher records a trace.
  std::unique_ptr<const span_info> traced;

  /// Time from which on the frame must not be written.
  time_point expiry;
};

/// One message to a client: a WebSocket message, or an event.
struct frame {
  payload body;

  /// Null if the frame needs no report and no confirmation, as most.
  std::unique_ptr<const delivery_info> tracked = nullptr;

  /// Number of the delivery in the trace of the id; 0 for none.
  uint64_t delivery = 0;

  /// Set for the first frame of a session, which is no push.
  bool is_greeting = false;
};

/// Returns whether the mailbox holds a frame, too.
inline bool is_kept(const frame& x) {
  return x.tracked && !x.tracked->entry.empty();
}

using frames = std::vector<frame>;

/// Send queue of one client: queued frames, the first of which may be in
/// flight, and behind them held frames.
///
/// Frames that leave it unwritten are returned to the caller, to be reported.
class send_queue {
public:
  /// @param max_bytes the maximum size of all payloads.
  /// @param max_frames the maximum number of frames: an empty one takes memory,
  ///                   too.
  send_queue(size_t max_bytes, size_t max_frames)
      : max_bytes_(max_bytes), max_frames_(max_frames) {
    // nop
  }

  // -- adding -----------------------------------------------------------------

  /// Returns whether another frame of `size` bytes fits.
  bool has_room(size_t size) const noexcept {
    return bytes_ + size <= max_bytes_ && count() < max_frames_;
  }

  /// Starts behind a mailbox entry, which the client has read already.
  /// @pre no frame was queued.
  void skip_to(const std::string& entry);

  /// Queues a frame.
  void put(frame frame);

  /// Queues a frame before all others.
  /// @pre `!is_writing()`
  void put_first(frame frame);

  /// Holds a frame until it is released.
  void hold(frame frame);

  /// Queues all held frames.
  void release();

  /// Queues the held frames up to that of the mailbox entry `entry`.
  /// @returns false, having done nothing, if no such frame is held.
  bool release_to(const std::string& entry);

  // -- removing ---------------------------------------------------------------

  /// Returns the first queued frame, which is in flight until `written`.
  /// @pre `first() && !is_writing()`
  const frame& begin();

  /// Removes the frame in flight.
  frame written();

  /// Removes the first queued frame.
  /// @pre `first() && !is_writing()`
  frame take_first();

  /// Removes the oldest frames that are not kept, until a frame of `size` bytes
  /// fits or none is left. The frame in flight stays.
  frames make_room(size_t size);

  /// Removes all frames but the one in flight.
  frames clear();

  /// Removes the held frames that the mailbox holds, too.
  frames clear_kept_held();

  /// Removes the frames that a newer one with the same `collapse` replaces, but
  /// not that in flight. Only one that is kept, too, replaces one that is kept.
  /// @pre `newer` has a `collapse`.
  frames supersede(const frame& newer);

  // -- observers --------------------------------------------------------------

  /// Returns whether a frame is in flight.

  bool is_writing() const noexcept { return writing_; }

  /// Returns the first queued frame, or null.
  const frame* first() const noexcept {
    return queue_.empty() ? nullptr : &queue_.front();
  }

  bool has_held() const noexcept { return !held_.empty(); }

  /// Returns whether a kept frame with the same `collapse` is held.
  /// @pre `!collapse.empty()`
  bool has_held(const std::string& collapse) const;

  /// Returns whether there is a frame besides the one in flight.
  bool has_waiting() const noexcept { return count() > (writing_ ? 1 : 0); }

  /// Returns the size of all payloads, in bytes.
  size_t bytes() const noexcept { return bytes_; }

  /// Estimates the memory of the queue, in bytes.
  size_t memory() const noexcept { return bytes_ + 128 * count(); }

  /// Returns the last mailbox entry that was queued; empty for none.
  const std::string& last_entry() const noexcept { return last_entry_; }

private:
  size_t count() const noexcept { return queue_.size() + held_.size(); }

  /// Queues a frame whose bytes are already counted.
  void append(frame frame);

  void move_out(frame& frame, frames& to);

  /// Removes frames that match `predicate`, but for the first `skipped` ones.
  template <class Predicate>
  void extract(std::list<frame>& from, size_t skipped, frames& to,
               Predicate predicate);

  const size_t max_bytes_;
  const size_t max_frames_;

  /// Lists, since an empty `std::deque` holds 600 bytes and most are empty.
  std::list<frame> queue_;
  std::list<frame> held_;

  size_t bytes_ = 0;
  bool writing_ = false;
  std::string last_entry_;

  /// The last mailbox entry that was in flight.
  std::string begun_entry_;
};

} // namespace waybill
