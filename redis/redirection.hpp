#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "redis/resp.hpp"
#include "redis/slot_table.hpp"

namespace waybill::redis {

/// An error of a Redis Cluster that says to send a command elsewhere or later
/// (Redis Cluster Specification, "Redirection and resharding").
struct redirection {
  enum class kind : uint8_t {
    /// The slot has another master: `MOVED`.
    moved,
    /// The slot is migrating, and the keys may be at its next master: `ASK`.
    ask,
    /// Nobody can execute the command now: `TRYAGAIN` while a slot migrates,
    /// `CLUSTERDOWN` while it has no master.
    later,
  };

  kind type;

  /// The slot; nothing if the error does not name it.
  std::optional<uint16_t> slot = {};

  /// The server to turn to, unless the type is `later`.
  endpoint server = {};

  /// Parses an error.
  /// @param asked the server that replied.
  /// @returns nothing for any other error.
  static std::optional<redirection> parse(std::string_view error,
                                          const endpoint& asked);
};

/// Returns the slot of the first key or channel of a command that Waybill
/// sends; nothing if it has none.
std::optional<uint16_t> slot_of(const command& words);

} // namespace waybill::redis
