#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace waybill {

/// Samples log lines: passes one line per kind and interval, and counts the
/// rest, so that a flood of one kind does not hide the others.
class log_gate {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Counts a line of `kind`. Kinds are never removed, so there must be few.
  /// @param interval the minimum time between two lines of the kind.
  /// @returns nothing if the line is suppressed, else a suffix for it, such as
  ///          ` (and 41 more)` for the lines that were suppressed before.
  std::optional<std::string> take(std::string_view kind, time_point now,
                                  std::chrono::seconds interval
                                  = std::chrono::seconds{1}) {
    auto i = lines_.find(kind);
    if (i == lines_.end()) {
      lines_.emplace(kind, line{now});
      return "";
    }
    auto& [last, suppressed] = i->second;
    if (now - last < interval) {
      ++suppressed;
      return std::nullopt;
    }
    auto result
      = suppressed > 0 ? " (and " + std::to_string(suppressed) + " more)" : "";
    i->second = {now};
    return result;
  }

private:
  struct line {
    time_point last;
    uint64_t suppressed = 0;
  };

  std::map<std::string, line, std::less<>> lines_;
};

} // namespace waybill
