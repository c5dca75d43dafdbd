#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "actors/core/errc.hpp"

namespace waybill {

/// How many sessions a node holds; 0 stands for any number.
struct session_limits {
  size_t in_total = 0;
  size_t per_id = 0;
  size_t per_peer = 0;
};

/// Counts those who are about to become sessions, so that many who come at once
/// do not get past a limit together.
class admission {
public:
  explicit admission(session_limits limits) : limits_(limits) {
    // nop
  }

  /// Takes a place for somebody.
  /// @param sessions how many sessions there are.
  /// @param of_id how many of those have the same id.
  /// @returns which limit stands against it, if any does.
  std::optional<errc> take(const std::string& id, const std::string& peer,
                           size_t sessions, size_t of_id);

  /// Gives it back.
  void give_back(const std::string& id, const std::string& peer);

  /// A session of this peer has come, or gone.
  void joined(const std::string& peer);
  void left(const std::string& peer);

private:
  using numbers = std::unordered_map<std::string, size_t>;

  static size_t at(const numbers& from, const std::string& key);
  static void subtract(numbers& from, const std::string& key);

  const session_limits limits_;
  size_t taken_ = 0;
  numbers taken_of_id_;

  /// Places that were taken and sessions, where peers are counted at all.
  numbers of_peer_;
};

} // namespace waybill
