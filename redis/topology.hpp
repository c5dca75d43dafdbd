#pragma once

#include <chrono>
#include <deque>
#include <optional>

#include "redis/slot_table.hpp"

namespace waybill::redis {

/// State machine that decides which table of slots to believe. It does no I/O.
///
/// A server that is dying or cut off reports slots without a master, so a table
/// that covers fewer slots than before is believed only when two servers report
/// it, or after five seconds. A move of a slot, by a table or a redirection, is
/// believed at once, and for two seconds against the tables of servers that
/// have not heard of it yet.
class topology {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Records the table of a server.
  /// @returns whether the table to use has changed.
  bool on_table(const endpoint& source, slot_table table, time_point now);

  /// Records that a server redirected a command for a slot to another (MOVED).
  /// @returns whether the table to use has changed.
  bool on_moved(uint16_t slot, const endpoint& owner, time_point now);

  /// Returns the table to use.
  const slot_table& table() const noexcept { return table_; }

  /// Returns whether a table waits for the word of a second server.
  bool is_in_doubt() const noexcept { return doubted_.has_value(); }

private:
  /// A table that covers fewer slots than the one in use.
  struct doubted_table {
    endpoint source;
    slot_table table;
    time_point since;
  };

  /// A slot that moved.
  struct move {
    uint16_t slot;
    endpoint owner;
    time_point when;
  };

  slot_table table_;
  std::optional<doubted_table> doubted_;

  /// The moves of the last two seconds, the oldest first.
  std::deque<move> moves_;
};

} // namespace waybill::redis
