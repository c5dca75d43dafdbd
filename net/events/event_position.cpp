#include "net/events/event_position.hpp"

#include <algorithm>
#include <charconv>

namespace waybill::net {

namespace {

/// The position of a client that has read no entry.
constexpr std::string_view no_entry = "0";

/// Separates an entry from the time at which the stream was closed.
constexpr std::string_view separator = ";closed=";

/// Limits a number so that Redis can add to it.
constexpr size_t max_digits = 18;

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= max_digits
         && std::all_of(text.begin(), text.end(),
                        [](char c) { return c >= '0' && c <= '9'; });
}

/// Returns whether `text` is an entry of a mailbox: that of a Redis Stream has
/// two numbers, that of a single node one.
bool is_entry(std::string_view text) {
  auto dash = text.find('-');
  return is_number(text.substr(0, dash))
         && (dash == text.npos || is_number(text.substr(dash + 1)));
}

} // namespace

std::optional<event_position> event_position::parse(std::string_view text) {
  auto end = text.find(separator);
  auto entry = text.substr(0, end);
  if (!is_entry(entry))
    return std::nullopt;
  event_position result;
  if (entry != no_entry)
    result.entry = entry;
  if (end == text.npos)
    return result;
  auto time = text.substr(end + separator.size());
  if (!is_number(time))
    return std::nullopt;
  int64_t seconds = 0;
  std::from_chars(time.data(), time.data() + time.size(), seconds);
  result.closed = time_point{std::chrono::seconds{seconds}};
  return result;
}

bool event_position::is_final(std::chrono::system_clock::time_point now) const {
  if (!closed)
    return false;
  auto age = std::chrono::floor<std::chrono::seconds>(now) - *closed;
  return std::chrono::abs(age) < std::chrono::minutes{1};
}

std::string to_string(const event_position& x) {
  std::string result{x.entry.empty() ? no_entry : x.entry};
  if (x.closed) {
    result += separator;
    result += std::to_string(x.closed->time_since_epoch().count());
  }
  return result;
}

} // namespace waybill::net
