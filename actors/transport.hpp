#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "actors/core/send_queue.hpp"
#include "actors/messages.hpp"

namespace waybill {

/// The socket of a session. It sends the session the messages `written`,
/// `pong`, `receive` and `gone` of `session_actor`. `gone` is sent exactly
/// once, after all others: when the client has sent a close frame, or the
/// connection has ended. An event stream sends neither `pong` nor `receive`.
class transport {
public:
  virtual ~transport() = default;

  /// Writes one frame.
  /// @param ping the number for a `ping` behind the frame; 0 for none.
  /// @returns whether the socket has taken it. If not, the frame is in flight:
  ///          `written` follows when the socket has taken it, or `gone`.
  /// @pre no other frame is in flight.
  virtual bool write(const frame& frame, uint64_t ping) = 0;

  /// Returns whether the client can answer a ping.
  virtual bool answers_pings() const = 0;

  /// Sends a ping (RFC 6455, section 5.5.2), by whose pong the client confirms
  /// that it has read all frames up to `number`. `pong` follows then.
  /// @pre `answers_pings()`, and no other ping is pending.
  virtual void ping(uint64_t number) = 0;

  /// Sends a close frame (RFC 6455, section 7.1.2) or ends the stream, and
  /// drops the connection if the client does not answer within a few seconds.
  virtual void close(const close_reason& reason) = 0;

  /// Returns the address of the client.
  virtual std::string peer() const = 0;

  /// Returns the software of the client, as it names itself; empty if it does
  /// not.
  virtual std::string user_agent() const = 0;

  virtual transport_kind kind() const = 0;
};

using transport_ptr = std::shared_ptr<transport>;

} // namespace waybill
