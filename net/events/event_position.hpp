#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace waybill::net {

/// Position of a client in its event stream. The client gets it as the `id` of
/// events, and sends it as `Last-Event-ID` when it comes back. So any node
/// knows what the client has read, and whether it may come back at all, without
/// a memory of its own.
struct event_position {
  using time_point = std::chrono::sys_seconds;

  /// Parses what `to_string` returns.
  /// @returns nothing if `text` is no position.
  static std::optional<event_position> parse(std::string_view text);

  /// Returns whether the stream was closed for good less than a minute ago: the
  /// client must not come back then. The clocks of nodes may differ.
  bool is_final(std::chrono::system_clock::time_point now) const;

  /// The last entry of its mailbox that the client has read; empty for none.
  std::string entry = {};

  /// The time at which an administrator or a newer session closed the stream.
  std::optional<time_point> closed = {};

  friend bool operator==(const event_position&, const event_position&)
    = default;
};

std::string to_string(const event_position& x);

} // namespace waybill::net
