#include "actors/core/trace_context.hpp"

#include <array>
#include <charconv>
#include <random>

namespace waybill {

namespace {

/// The last bit of the flags of a `traceparent`: the trace is recorded.
constexpr uint64_t sampled_flag = 1;

/// The size of a `traceparent` of version 00.
constexpr size_t traceparent_size = 55;

/// Consumes hexadecimal digits, and the text `end` behind them.
/// @returns nothing if something else comes first.
std::optional<uint64_t> take_hex(std::string_view& text, size_t digits,
                                 std::string_view end) {
  auto number = text.substr(0, digits);
  if (text.substr(number.size(), end.size()) != end || number.size() != digits
      || number.find_first_not_of("0123456789abcdef") != number.npos)
    return std::nullopt;
  uint64_t result = 0;
  std::from_chars(number.data(), number.data() + digits, result, 16);
  text.remove_prefix(digits + end.size());
  return result;
}

} // namespace

std::optional<trace_context> parse_traceparent(std::string_view text) {
  auto rest = text.substr(0, traceparent_size);
  auto version = take_hex(rest, 2, "-");
  auto high = take_hex(rest, 16, "");
  auto low = take_hex(rest, 16, "-");
  auto span = take_hex(rest, 16, "-");
  auto flags = take_hex(rest, 2, "");
  if (!version || *version == 0xff || !high || !low || !span || !flags)
    return std::nullopt;
  // A later version may add members behind another dash.
  if (text.size() > traceparent_size
      && (*version == 0 || text[traceparent_size] != '-'))
    return std::nullopt;
  if ((*high == 0 && *low == 0) || *span == 0 || (*flags & sampled_flag) == 0)
    return std::nullopt;
  return trace_context{*high, *low, *span};
}

std::string to_string(const trace_context& x) {
  return "00-" + trace_id_of(x) + '-' + format_span_id(x.span) + "-01";
}

std::string trace_id_of(const trace_context& x) {
  return format_span_id(x.trace_high) + format_span_id(x.trace_low);
}

std::string format_span_id(uint64_t id) {
  std::string result(16, '0');
  std::array<char, 16> digits;
  auto end = std::to_chars(digits.begin(), digits.end(), id, 16).ptr;
  auto count = static_cast<size_t>(end - digits.begin());
  return result.replace(result.size() - count, count, digits.data(), count);
}

uint64_t make_span_id() {
  std::random_device random;
  uint64_t result = 0;
  while (result == 0)
    result = uint64_t{random()} << 32 | random();
  return result;
}

} // namespace waybill
