#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "actors/core/delivery_history.hpp"
#include "actors/core/inbox_reader.hpp"
#include "actors/core/send_queue.hpp"
#include "actors/core/session_lifecycle.hpp"
#include "actors/hosted.hpp"
#include "actors/interfaces.hpp"
#include "actors/transport.hpp"

namespace waybill {

/// Policy for a session whose client reads too slowly.
enum class slow_consumer : uint8_t {
  /// Closes the session.
  close,
  /// Drops the oldest frames of its queue.
  drop_oldest,
};

/// Answers to texts by which clients ask whether their session is alive.
using heartbeats = std::map<std::string, payload, std::less<>>;

/// Configuration of all sessions of a node.
struct session_config {
  /// The first text that a client gets; if it is empty, a WebSocket gets
  /// none.
  payload greeting = make_text("连接成功!");

  /// Limits of a session's queue, in bytes of payload and in frames.
  size_t max_queue = 1 << 20;
  size_t max_queue_frames = 1 << 16;

  /// Policy for a push that exceeds these limits.
  slow_consumer when_slow = slow_consumer::close;

  /// Receives messages from clients; without one they are echoed.
  upstream_actor upstream;

  /// Receives the spans of traced pushes; without one they are not recorded.
  span_processor_actor spans;

  /// Texts that sessions answer themselves; null for none.
  std::shared_ptr<const waybill::heartbeats> heartbeats = nullptr;
};

/// Sends frames to one client: first the greeting, then its mailbox, then
/// pushes in order of arrival, one frame at a time, and at last a close frame.
///
/// Frames are queued here, not in the transport, so that their size is bounded:
/// a slow client affects its own connection only.
///
/// Pushes that arrive while the mailbox is being read are held. Some of them
/// may be in the mailbox, too. The registry answers a mailbox query only after
/// all of those, so none is written twice or out of order. The mailbox is read
/// again if kept pushes were dropped because the client was too slow.
///
/// Two state machines decide, `inbox_reader` and `session_lifecycle`; the
/// session executes their commands.
class session : public hosted<session_actor> {
public:
  /// @param confirmed the last mailbox entry that the client confirmed by
  ///                  connecting; empty for none.
  session(caf::actor_config& cfg, caf::execution_unit* host,
          session_config config, bus_actor bus, registry_actor registry,
          std::string id, transport_ptr connection, std::string confirmed = {});

  const char* name() const override;

  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  using time_point = caf::actor_clock::time_point;

  /// A frame that was written but not confirmed, and its number.
  struct unread_frame {
    uint64_t number;
    std::unique_ptr<const delivery_info> tracked;

    /// Time by the clock of the node, in microseconds since 1970; 0 if the push
    /// is not traced.
    int64_t written;
  };

  /// Greets the client, and reads its mailbox if that may have entries: every
  /// node can reach it now.
  void on_reachable(bool has_mail);

  /// Answers a client's heartbeat; passes other messages upstream, or echoes
  /// them.
  void on_message(const payload& message);

  /// Puts the greeting at the front of the queue, once, and lets frames be
  /// written.
  void greet();

  session_info info();

  /// Queues or holds a live frame. If the queue is full, closes the session or
  /// drops frames, as configured.
  void enqueue_frame(frame frame);

  /// Drops the oldest frames to make room for `frame`. Kept frames go last, as
  /// they can be read from the mailbox again.
  /// @returns whether there is room now.
  bool make_room(const frame& frame);

  /// Reports the memory of the queue to the registry, if it has changed much.
  void report_load();

  frame make_frame(const push_address& address, const push& push);

  /// Writes frames until one is in flight; after the last one, executes the
  /// next command.
  void write_next();

  /// Executes a command of the lifecycle.
  void execute(session_lifecycle::command command);

  // -- the mailbox ------------------------------------------------------------

  void request_page(const inbox_reader::page_request& next);

  void on_page(const inbox_page& page);

  // -- confirmations and reports ----------------------------------------------

  /// Goes on with the next frame.
  void on_written();

  /// Removes the first frame from the queue: the socket has taken it.
  void finish_frame();

  void on_pong(uint64_t number);

  /// Handles the confirmation of an entry by a request of the client.
  void on_confirm(const std::string& entry);

  /// Confirms the frame of that number and all before it.
  void confirm(uint64_t number);

  /// Sends a ping if there are frames that the client should confirm.
  void ping();

  /// Writes a frame, and a ping behind it if the client should confirm it.
  /// @returns whether the socket has taken it.
  bool write(const frame& frame);

  /// Reports one session more in a part of a push's delivery counts.
  void send_report(const delivery_info& delivery,
                   uint64_t delivery_counts::*part);

  /// Reports frames that will not be written.
  void drop(const frame& frame, uint64_t delivery_counts::*part);
  void drop(const frames& all, uint64_t delivery_counts::*part);

  /// Returns whether spans of a delivery are recorded.
  bool is_traced(const delivery_info& delivery) const;

  /// Moves the history of the last pushes to the registry.
  void send_history();

  // -- the end (session_end.cpp) ----------------------------------------------

  /// Ends this session: at once if the client broke a limit, else in order.
  void on_close(const close_reason& reason);

  /// Leaves the addresses of this session, and writes its queue.
  void flush();

  /// Drops the queue, and closes the connection.
  void give_up(uint64_t delivery_counts::*part);

  /// Closes the connection.
  void close();

  void on_gone();

  const session_config config_;
  const bus_actor bus_;
  registry_actor registry_;
  const std::string id_;
  const push_address address_;
  const time_point since_;
  transport_ptr connection_;

  /// Frames that the socket has not taken yet. Live frames that come after the
  /// mailbox are held.
  send_queue send_queue_;

  /// The memory that was last reported to the registry, in bytes.
  size_t reported_ = 0;

  /// Number of frames written, and those whose confirmation is pending.
  uint64_t written_ = 0;
  std::list<unread_frame> unread_;

  /// Number of the last frame before the pending ping; 0 if none is pending.
  uint64_t pinged_ = 0;

  delivery_history history_;

  /// Number of dropped frames that the registry has not counted yet.
  uint64_t dropped_ = 0;

  /// The first frame, until it is queued.
  std::optional<payload> greeting_;

  inbox_reader reader_;
  session_lifecycle lifecycle_;

  /// The last entry that the client has confirmed.
  std::string confirmed_;
};

} // namespace waybill
