#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "actors/messages.hpp"

namespace waybill {

/// The socket of one session, as the session sees it. A session tells it what
/// to do; it answers with the messages `written`, `pong`, `receive` and `gone`
/// of `session_actor`, the last of which comes exactly once, and is the last:
/// when the client has said good-bye, or its connection has ended.
class transport {
public:
  virtual ~transport() = default;

  /// Writes one frame. `written` says that the socket has taken it.
  /// @pre no other frame is under way.
  virtual void write(const payload& frame) = 0;

  /// Asks the client to confirm that it has read all frames up to `number`, by
  /// a ping (RFC 6455, section 5.5.2). `pong` says that it did.
  /// @pre the last ping, if any, was confirmed.
  virtual void ping(uint64_t number) = 0;

  /// Says good-bye with a close frame (RFC 6455, section 7.1.2), and cuts the
  /// connection if the client does not answer in a few seconds.
  virtual void close(const close_reason& why) = 0;

  /// Returns the address of the client.
  virtual std::string peer() const = 0;
};

using transport_ptr = std::shared_ptr<transport>;

} // namespace waybill
