#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <caf/meta/type_name.hpp>

namespace waybill {

/// Close codes of RFC 6455, section 7.4, and Waybill's own. A client may
/// reconnect after 4000 to 4499, and must not from 4500 on.
enum class close_code : uint16_t {
  /// The node is stopping; the client should connect to another.
  going_away = 1001,
  /// The client broke the protocol.
  protocol_error = 1002,
  /// The client sent a text that is not UTF-8.
  bad_text = 1007,
  /// The client exceeded a rate limit.
  policy_violation = 1008,
  /// The client sent a message that exceeds the maximum size.
  too_big = 1009,
  /// The node failed.
  internal_error = 1011,
  /// The client reads too slowly: its queue is full.
  try_again_later = 1013,
  /// The token of the client has expired.
  token_expired = 4001,
  /// The API closed the session.
  kicked = 4500,
  /// A newer session of the same id replaced this one.
  replaced = 4501,
};

inline std::string to_string(close_code x) {
  return std::to_string(static_cast<uint16_t>(x));
}

/// Content of a close frame.
struct close_reason {
  close_code code;

  /// Reason for humans; at most 100 bytes of UTF-8. The transport may add the
  /// time to come back, and RFC 6455, section 5.5, allows 123.
  std::string text;

  /// Time after which the client should come back; 0 to leave that to the
  /// transport.
  std::chrono::milliseconds retry{0};

  friend bool operator==(const close_reason&, const close_reason&) = default;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, close_reason& x) {
  return f(caf::meta::type_name("close_reason"), x.code, x.text, x.retry);
}

} // namespace waybill
