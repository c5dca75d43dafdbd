#include "net/wording.hpp"

#include <spdlog/fmt/fmt.h>

namespace waybill::net {

std::string count_of(uint64_t number, const std::string& noun,
                     const std::string& plural) {
  return std::to_string(number) + ' '
         + (number == 1      ? noun
            : plural.empty() ? noun + 's'
                             : plural);
}

std::string duration_of(double seconds) {
  constexpr double minute = 60;
  constexpr double hour = 60 * minute;
  constexpr double day = 24 * hour;
  if (seconds >= 2 * day)
    return fmt::format("{:.0f} days", seconds / day);
  if (seconds >= 2 * hour)
    return fmt::format("{:.0f} h", seconds / hour);
  if (seconds >= 2 * minute)
    return fmt::format("{:.0f} min", seconds / minute);
  return fmt::format("{:.0f} s", seconds);
}

} // namespace waybill::net
