#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "actors/core/errc.hpp"

namespace waybill {

/// Maximum numbers of sessions on a node; 0 for no limit.
struct session_limits {
  size_t in_total = 0;
  size_t per_id = 0;
  size_t per_peer = 0;

  /// Sessions that the node opens in a second.
  size_t per_second = 0;
};

/// Reserves slots during admission, so that concurrent upgrades cannot exceed a
/// limit.
class admission {
public:
  explicit admission(session_limits limits) : limits_(limits) {
    // nop
  }

  /// Reserves a slot.
  /// @param sessions the number of sessions on the node.
  /// @param of_id the number of those that have the same id.
  /// @returns the error of the limit that is reached, if any.
  std::optional<errc> take(const std::string& id, const std::string& peer,
                           size_t sessions, size_t of_id);

  /// Releases a slot.
  void give_back(const std::string& id, const std::string& peer);

  /// Returns the number of sessions a second that the node would open now.
  /// @param sessions the number of sessions on the node.
  /// @param opened the number of them that it has opened in the last second.
  uint64_t headroom(size_t sessions, double opened) const;

  /// Counts a session of this peer that has joined or left.
  void joined(const std::string& peer);
  void left(const std::string& peer);

private:
  using numbers = std::unordered_map<std::string, size_t>;

  static size_t at(const numbers& from, const std::string& key);
  static void subtract(numbers& from, const std::string& key);

  const session_limits limits_;
  size_t taken_ = 0;
  numbers taken_of_id_;

  /// Slots and sessions of each peer; empty if peers have no limit.
  numbers of_peer_;
};

} // namespace waybill
