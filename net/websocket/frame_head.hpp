#pragma once

#include <string>
#include <string_view>

#include "actors/messages.hpp"

namespace waybill::net {

/// Builds the header of a frame with a whole message of `size` bytes, as a
/// server sends it (RFC 6455, section 5.2).
inline std::string frame_head(bool is_text, uint64_t size) {
  std::string result{static_cast<char>(is_text ? 0x81 : 0x82)};
  auto width = size < 126 ? 0 : size < 0x10000 ? 2 : 8;
  result += static_cast<char>(width == 0 ? size : width == 2 ? 126 : 127);
  for (auto shift = 8 * width; shift > 0; shift -= 8)
    result += static_cast<char>(size >> (shift - 8));
  return result;
}

/// Returns the status code of a close frame that a server sends.
/// @pre the frame has one.
inline close_code close_code_of(std::string_view frame) {
  return static_cast<close_code>(static_cast<uint8_t>(frame[2]) << 8
                                 | static_cast<uint8_t>(frame[3]));
}

} // namespace waybill::net
