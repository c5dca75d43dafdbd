#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "actors/core/delivery_history.hpp"
#include "actors/core/send_queue.hpp"
#include "actors/hosted.hpp"
#include "actors/interfaces.hpp"
#include "actors/transport.hpp"

namespace waybill {

/// What becomes of a session whose client reads too slowly.
enum class slow_consumer : uint8_t {
  /// It is closed.
  close,
  /// It loses the oldest frames that wait.
  drop_oldest,
};

/// What all sessions of a node have in common.
struct session_config {
  /// The first text that a client gets; empty for none.
  payload greeting = make_text("连接成功!");

  /// How many bytes, and how many frames, may wait for a client.
  size_t max_queue = 1 << 20;
  size_t max_queue_frames = 1 << 16;

  /// What a push past that does.
  slow_consumer when_slow = slow_consumer::close;

  /// Takes what clients send; without one it is sent back to them.
  upstream_actor upstream;
};

/// Owns what is said to one client: the greeting first, then its mailbox, then
/// pushes in the order in which they came, one frame at a time, and at last why
/// it ends.
///
/// Frames wait here, not in the transport, so that their bytes can be bounded:
/// a client that reads slowly costs its own connection and nobody else's.
///
/// Pushes that come while the mailbox is being read are held back. Some of them
/// may stand in the mailbox, too; the registry answers a query for it only
/// behind all those, so none is written twice and none out of order. It is read
/// again where the client was too slow for what came live of it.
class session : public hosted<session_actor> {
public:
  session(caf::actor_config& cfg, caf::execution_unit* host,
          session_config config, bus_actor bus, registry_actor registry,
          std::string id, transport_ptr connection);

  const char* name() const override;

  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  using time_point = caf::actor_clock::time_point;

  /// A frame that is written, and its number.
  struct unread_frame {
    uint64_t number;
    std::unique_ptr<const delivery_info> tracked;
  };

  /// Puts the greeting before all that waits.
  void greet();

  /// Ends this session once what is queued has been written.
  void end(const close_reason& why);

  /// Takes a push to `where`: queues it, or holds it back.
  void deliver(const push_address& address, const push& push);

  /// Queues or holds back a live frame. If there is no room for it, it ends the
  /// session, or drops others, or this one if it is larger than all.
  void enqueue_frame(frame frame);

  /// Drops the oldest frames until `what` has room. What is kept is dropped
  /// after all others, as it can be read from the mailbox again.
  /// @returns whether `what` has room then.
  bool make_room(const frame& frame);

  /// Ends this session at once.
  void cut_off(close_reason why);

  /// Drops what waits, and closes the connection.
  /// @pre it is known why, and that has not been done.
  void give_up(uint64_t delivery_counts::*why);

  /// Tells the registry what is known of the last pushes, and forgets it.
  void send_history();

  /// Tells the registry how much memory the queue takes, if that has changed
  /// much: of a client that reads, nothing need be told.
  void report_load();

  frame make_frame(const push_address& address, const push& push);

  // -- the mailbox ------------------------------------------------------------

  /// Asks for the next part of the mailbox.
  void read_inbox();

  /// Leaves what was to be read to a later query.
  void stop_reading();

  void on_page(const inbox_page& page);

  // -- what is told -----------------------------------------------------------

  void on_written();

  void on_pong(uint64_t number);

  /// Tells whoever waits for a push what became of it here.
  void tell(const delivery_info& about, uint64_t delivery_counts::*part);

  /// Tells of frames that will not be written, as a part of a tally.
  void drop(const frame& frame, uint64_t delivery_counts::*why);
  void drop(const frames& all, uint64_t delivery_counts::*why);

  /// Asks the client to confirm what it has read, if that must be known.
  void ping();

  /// Writes the next frame, or the close frame after the last one.
  void write_next();

  /// Tells whether the client may still confirm what it was sent.
  bool may_confirm();

  const session_config config_;
  const bus_actor bus_;
  registry_actor registry_;
  const std::string id_;
  const push_address address_;
  const time_point since_;
  transport_ptr connection_;

  /// Frames that the socket has not taken yet. Live ones that come after the
  /// mailbox are held back.
  send_queue send_queue_;

  /// What the registry was told of its memory.
  size_t reported_ = 0;

  /// Frames that were written, and those of them that must be confirmed.
  uint64_t written_ = 0;
  std::deque<unread_frame> unread_;

  /// What the ping that is under way asks about; 0 if there is none.
  uint64_t pinged_ = 0;

  delivery_history history_;

  /// Frames that will never be written, and of which nothing was told yet.
  uint64_t dropped_ = 0;

  /// Pushes wait until the client has been greeted.
  bool greeted_ = false;

  /// Set while every node can reach this session.
  bool reachable_ = false;

  /// Set until the mailbox has been read to its end, and if a part of it is to
  /// be read when all that is queued has been written.
  bool behind_ = true;
  bool more_ = false;

  /// The last query for a part of it; answers to others are not wanted.
  uint64_t query_ = 0;

  /// Up to where it has to be read, and the last entry that the client has
  /// confirmed.
  std::string upto_;
  std::string confirmed_;

  /// Set once the session is ending; `closed_` once the transport knows.
  std::optional<close_reason> ending_;
  bool closed_ = false;

  /// Set while the client has time to confirm the last frames before the end,
  /// and once that time is over.
  bool lingering_ = false;
  bool out_of_time_ = false;

  /// Until when what is queued is written before the end.
  time_point deadline_;
};

} // namespace waybill
