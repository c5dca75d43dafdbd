#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <caf/actor_clock.hpp>

#include "actors/core/push.hpp"

namespace waybill {

/// What must be told of a frame. It may outlive the frame for as long as a
/// client does not confirm that it has read it, so it holds no payload.
struct delivery_info {
  using time_point = caf::actor_clock::time_point;

  delivery_info(push_address address, const push& push, time_point now);

  push_address address;

  /// As in the push.
  std::string id;
  std::string reply_to;
  std::string entry;
  receipt_level want;

  /// From when on it must not be written any more.
  time_point expiry;
};

/// One message on its way to a client.
struct frame {
  payload body;

  /// Null for most.
  std::unique_ptr<const delivery_info> tracked = nullptr;

  /// Names it in the trace of the id; 0 for none.
  uint64_t delivery = 0;
};

/// Tells whether a frame stands in the mailbox, too.
inline bool is_kept(const frame& x) {
  return x.tracked && !x.tracked->entry.empty();
}

using frames = std::vector<frame>;

/// The frames that wait for one client: those that are queued, of which the
/// first may be under way, and behind them those that are held back.
///
/// Whatever leaves it unwritten is handed to the caller, who tells of it.
class send_queue {
public:
  /// @param max_bytes how many bytes of payload may wait.
  /// @param max_frames how many frames may: an empty one has no bytes, but it
  ///                   takes memory all the same.
  send_queue(size_t max_bytes, size_t max_frames)
      : max_bytes_(max_bytes), max_frames_(max_frames) {
    // nop
  }

  // -- what comes -------------------------------------------------------------

  /// Tells whether one frame more of `size` bytes may wait.
  bool has_room(size_t size) const noexcept {
    return bytes_ + size <= max_bytes_ && count() < max_frames_;
  }

  void put(frame frame);

  /// @pre no frame is under way.
  void put_first(frame frame);

  void hold(frame frame);

  /// Queues what is held back.
  void release();

  /// Queues what is held back up to the entry `entry` of the mailbox.
  /// @returns false, having done nothing, if no such frame is held back.
  bool release_to(const std::string& entry);

  // -- what goes --------------------------------------------------------------

  /// Returns the first of the queue. It is under way until `written`.
  /// @pre none is under way, and the queue is not empty.
  const payload& begin();

  /// Takes out the frame that is under way.
  frame written();

  /// Takes out the first frame that is queued.
  /// @pre as of `begin`.
  frame take_first();

  /// Takes out the oldest frames that are not kept, until one of `size` bytes
  /// has room or none is left. The frame under way stays.
  frames make_room(size_t size);

  /// Takes out all frames but the one that is under way.
  frames clear();

  /// Takes out what is kept of the frames that are held back.
  frames clear_kept_held();

  // -- what there is ----------------------------------------------------------

  bool is_writing() const noexcept { return writing_; }

  /// Returns the first of the queue, or null.
  const frame* first() const noexcept {
    return queue_.empty() ? nullptr : &queue_.front();
  }

  bool has_held() const noexcept { return !held_.empty(); }

  /// Tells whether a frame waits besides the one that is under way.
  bool has_waiting() const noexcept { return count() > (writing_ ? 1 : 0); }

  /// The bytes of payload that wait.
  size_t bytes() const noexcept { return bytes_; }

  /// About how much memory it takes, in bytes.
  size_t memory() const noexcept { return bytes_ + 128 * count(); }

  /// The last entry of the mailbox that was queued; empty for none.
  const std::string& last_entry() const noexcept { return last_entry_; }

private:
  size_t count() const noexcept { return queue_.size() + held_.size(); }

  /// Queues a frame whose bytes are counted already.
  void append(frame frame);

  void move_out(frame& frame, frames& to);

  const size_t max_bytes_;
  const size_t max_frames_;
  std::deque<frame> queue_;
  std::deque<frame> held_;
  size_t bytes_ = 0;
  bool writing_ = false;
  std::string last_entry_;

  /// The last entry that was under way.
  std::string begun_entry_;
};

} // namespace waybill
