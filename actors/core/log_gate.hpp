#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace waybill {

/// Lets one log line of each kind through a second, and counts the others:
/// whoever floods a node with one mistake hides neither another nor its own.
class log_gate {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Takes a line of `kind`, of which there are few.
  /// @returns nothing if the line is left out; else what to append to it, such
  ///          as ` (and 41 more)` for those that were left out before it.
  std::optional<std::string> take(std::string_view kind, time_point now) {
    auto i = lines_.find(kind);
    if (i == lines_.end()) {
      lines_.emplace(kind, line{now});
      return "";
    }
    auto& [last, left_out] = i->second;
    if (now - last < std::chrono::seconds{1}) {
      ++left_out;
      return std::nullopt;
    }
    auto result
      = left_out > 0 ? " (and " + std::to_string(left_out) + " more)" : "";
    i->second = {now};
    return result;
  }

private:
  struct line {
    time_point last;
    uint64_t left_out = 0;
  };

  std::map<std::string, line, std::less<>> lines_;
};

} // namespace waybill
