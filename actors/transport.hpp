#pragma once

#include <memory>

#include "actors/messages.hpp"

namespace waybill {

/// The socket of one session, as the session sees it. A session tells it what
/// to do; it answers with the messages `written`, `receive` and `gone` of
/// `session_actor`, the last of which comes exactly once.
class transport {
public:
  virtual ~transport() = default;

  /// Writes one frame. `written` says that the socket has taken it.
  /// @pre no other frame is under way.
  virtual void write(const payload& frame) = 0;

  /// Says good-bye with a close frame (RFC 6455, section 7.1.2), and cuts the
  /// connection if the client does not answer in a few seconds.
  virtual void close(const close_reason& why) = 0;
};

using transport_ptr = std::shared_ptr<transport>;

} // namespace waybill
