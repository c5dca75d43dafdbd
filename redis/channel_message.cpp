#include "redis/channel_message.hpp"

#include <charconv>

namespace waybill::redis {

namespace {

constexpr std::string_view line_end = "\r\n";

/// Removes `prefix` from the beginning of `rest`, if it is there.
bool take(std::string_view& rest, std::string_view prefix) {
  if (!rest.starts_with(prefix))
    return false;
  rest.remove_prefix(prefix.size());
  return true;
}

/// Removes a bulk string.
bool take_text(std::string_view& rest, std::string_view& text) {
  size_t size = 0;
  // Redis writes no zero before other digits.
  if (!take(rest, "$") || (rest.starts_with('0') && !rest.starts_with("0\r")))
    return false;
  auto [end, ec]
    = std::from_chars(rest.data(), rest.data() + rest.size(), size);
  if (ec != std::errc{})
    return false;
  rest.remove_prefix(static_cast<size_t>(end - rest.data()));
  if (!take(rest, line_end) || rest.size() < size)
    return false;
  text = rest.substr(0, size);
  rest.remove_prefix(size);
  return take(rest, line_end);
}

} // namespace

std::optional<channel_message> take_message(std::string_view& bytes) {
  auto rest = bytes;
  channel_message result;
  if ((!take(rest, "*3\r\n$7\r\nmessage\r\n")
       && !take(rest, "*3\r\n$8\r\nsmessage\r\n"))
      || !take_text(rest, result.channel) || !take_text(rest, result.text))
    return std::nullopt;
  bytes = rest;
  return result;
}

} // namespace waybill::redis
