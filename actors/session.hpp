#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "actors/hosted.hpp"
#include "actors/interfaces.hpp"
#include "actors/transport.hpp"

namespace waybill {

/// What all sessions of a node have in common.
struct session_config {
  /// The first text that a client gets; empty for none.
  payload greeting = make_text("连接成功!");

  /// How many bytes may wait for a client; a push past it closes the session.
  size_t max_queue = 1 << 20;

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
/// behind all those, so none is written twice and none out of order.
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

  /// What must be told of a frame.
  struct ticket {
    push_address where;
    push what;

    /// From when on it must not be written any more.
    time_point expiry;
  };

  struct frame {
    payload body;

    /// Null for most.
    std::unique_ptr<const ticket> tracked = nullptr;
  };

  /// A frame that is written, and its number.
  struct unread_frame {
    uint64_t number;
    std::unique_ptr<const ticket> tracked;
  };

  /// Puts the greeting before all that waits.
  void greet();

  /// Ends this session once what is queued has been written.
  void end(const close_reason& why);

  /// Takes a push to `where`: queues it, or holds it back.
  void deliver(const push_address& where, const push& what);

  /// Queues or holds back a live frame, or ends the session if there is no room
  /// for it.
  void enqueue_frame(frame what);

  /// Moves a frame to the end of the queue.
  void append(frame what);

  /// Tells whether a frame stands in the mailbox, too.
  static bool is_kept(const frame& x);

  frame make_frame(const push_address& where, const push& what);

  // -- the mailbox ------------------------------------------------------------

  /// Asks for the next part of the mailbox.
  void read_mailbox();

  void on_page(const mailbox_page& page);

  /// Queues what was held back.
  void release();

  // -- what is told -----------------------------------------------------------

  void on_written();

  void on_pong(uint64_t number);

  /// Tells whoever waits for a push what became of it here.
  void tell(const ticket& about, uint64_t tally::*part);

  /// Drops a frame that will not be written.
  void drop(const frame& what);

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
  const push_address where_;
  const time_point since_;
  transport_ptr connection_;

  /// Frames that the socket has not taken yet; the first may be under way.
  std::deque<frame> queue_;

  /// Live frames that come after the mailbox.
  std::deque<frame> held_;

  /// The bytes of both.
  size_t queued_bytes_ = 0;
  bool writing_ = false;

  /// Frames that were written, and those of them that must be confirmed.
  uint64_t written_ = 0;
  std::deque<unread_frame> unread_;

  /// What the ping that is under way asks about; 0 if there is none.
  uint64_t pinged_ = 0;

  /// Frames that will never be written.
  uint64_t dropped_ = 0;

  /// Pushes wait until the client has been greeted.
  bool greeted_ = false;

  /// Set until the mailbox has been read to its end.
  bool behind_ = true;

  /// Set while a part of it is on its way; which query it answers.
  bool reading_ = false;
  uint64_t query_ = 0;

  /// Up to where it has to be read, the last entry that came from it or live,
  /// and the last that the client has confirmed.
  std::string upto_;
  std::string last_entry_;
  std::string confirmed_;

  /// Set once the session is ending; `closed_` once the transport knows.
  std::optional<close_reason> ending_;
  bool closed_ = false;

  /// Set while the client has time to confirm the last frames before the end,
  /// and once that time is over.
  bool lingering_ = false;
  bool out_of_time_ = false;
};

} // namespace waybill
