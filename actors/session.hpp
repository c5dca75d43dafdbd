#pragma once

#include <deque>
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

/// Owns what is said to one client: the greeting first, then pushes in the
/// order in which they came, one frame at a time, and at last why it ends.
///
/// Frames wait here, not in the transport, so that their bytes can be bounded:
/// a client that reads slowly costs its own connection and nobody else's.
class session : public hosted<session_actor> {
public:
  session(caf::actor_config& cfg, caf::execution_unit* host,
          session_config config, std::string id, transport_ptr connection);

  const char* name() const override;

protected:
  behavior_type make_behavior() override;

private:
  /// Puts the greeting before all that waits.
  void greet();

  /// Queues a frame, or ends the session if there is no room for it.
  void enqueue_frame(const payload& frame);

  /// Writes the next frame, or the close frame after the last one.
  void write_next();

  const session_config config_;
  const std::string id_;
  transport_ptr connection_;

  /// Frames that the socket has not taken yet; the first may be under way.
  std::deque<payload> queue_;
  size_t queued_bytes_ = 0;
  bool writing_ = false;

  /// Frames that will never be written.
  uint64_t dropped_ = 0;

  /// Pushes wait until the client has been greeted.
  bool greeted_ = false;

  /// Set once the session is ending; `closed_` once the transport knows.
  std::optional<close_reason> ending_;
  bool closed_ = false;
};

} // namespace waybill
