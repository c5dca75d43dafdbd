#include "actors/core/text.hpp"

#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>

namespace waybill {

namespace {

/// Decodes and removes the code point at the start of `bytes`.
/// @returns the code point, or -1 if it is not well-formed UTF-8.
/// @pre `!bytes.empty()`
int32_t take_code_point(std::string_view& bytes) noexcept {
  auto lead = static_cast<uint8_t>(bytes[0]);
  size_t size = 1;
  int32_t result = lead;
  int32_t smallest = 0;
  if (lead >= 0xf0) {
    size = 4;
    result = lead & 0x07;
    smallest = 0x10000;
  } else if (lead >= 0xe0) {
    size = 3;
    result = lead & 0x0f;
    smallest = 0x800;
  } else if (lead >= 0xc0) {
    size = 2;
    result = lead & 0x1f;
    smallest = 0x80;
  } else if (lead >= 0x80) {
    return -1;
  }
  if (lead > 0xf4 || bytes.size() < size)
    return -1;
  for (size_t i = 1; i < size; ++i) {
    auto next = static_cast<uint8_t>(bytes[i]);
    if ((next & 0xc0) != 0x80)
      return -1;
    result = (result << 6) | (next & 0x3f);
  }
  if (result < smallest || result > 0x10ffff
      || (result >= 0xd800 && result <= 0xdfff))
    return -1;
  bytes.remove_prefix(size);
  return result;
}

/// Removes ASCII from the start of `bytes`, a word at a time. Some is left
/// where less than a word remains.
void skip_ascii(std::string_view& bytes) noexcept {
  uint64_t word = 0;
  for (; bytes.size() >= sizeof(word); bytes.remove_prefix(sizeof(word))) {
    std::memcpy(&word, bytes.data(), sizeof(word));
    if (auto others = word & 0x8080808080808080; others != 0) {
      if constexpr (std::endian::native == std::endian::little)
        bytes.remove_prefix(static_cast<size_t>(std::countr_zero(others)) / 8);
      return;
    }
  }
}

/// Parses a JSON escape such as `\\u00e9` at the start of `text`.
/// @returns the UTF-16 code unit, or -1 if there is no such escape.
int32_t unit_of(std::string_view text) noexcept {
  if (text.size() < 6 || !text.starts_with("\\u"))
    return -1;
  uint16_t result = 0;
  auto end = text.data() + 6;
  auto [stop, error] = std::from_chars(text.data() + 2, end, result, 16);
  return error == std::errc{} && stop == end ? result : -1;
}

bool is_high(int32_t unit) noexcept {
  return unit >= 0xd800 && unit < 0xdc00;
}

bool is_low(int32_t unit) noexcept {
  return unit >= 0xdc00 && unit < 0xe000;
}

/// Checks that `text` is UTF-8 of 1 to `longest` bytes without control
/// characters.
bool is_line(std::string_view text, size_t longest) noexcept {
  if (text.empty() || text.size() > longest)
    return false;
  while (!text.empty()) {
    auto point = take_code_point(text);
    if (point < 0x20 || (point >= 0x7f && point <= 0x9f))
      return false;
  }
  return true;
}

} // namespace

bool is_utf8(std::string_view bytes) noexcept {
  // Most text is mostly ASCII, and other characters stand together.
  for (skip_ascii(bytes); !bytes.empty(); skip_ascii(bytes))
    do {
      if (take_code_point(bytes) < 0)
        return false;
    } while (!bytes.empty() && (bytes[0] & 0x80) != 0);
  return true;
}

bool is_name(std::string_view name) noexcept {
  return is_line(name, 256) && name.find('/') == name.npos;
}

bool is_reason(std::string_view text) noexcept {
  return is_line(text, 100);
}

std::string mend_surrogates(std::string_view json) {
  std::string result{json};
  for (auto i = json.find('\\'); i != json.npos; i = json.find('\\', i)) {
    auto unit = unit_of(json.substr(i));
    if (unit < 0) {
      // Another escape, which may be that of a backslash.
      i += 2;
    } else if (is_high(unit) && is_low(unit_of(json.substr(i + 6)))) {
      i += 12;
    } else {
      if (is_high(unit) || is_low(unit))
        result.replace(i, 6, "\\ufffd");
      i += 6;
    }
  }
  return result;
}

} // namespace waybill
