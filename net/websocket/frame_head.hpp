#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "actors/messages.hpp"

namespace waybill::net {

/// The header of a frame with a whole message, as a server sends it (RFC 6455,
/// section 5.2).
class frame_head {
public:
  frame_head() = default;

  /// @param size the size of the message, in bytes.
  frame_head(payload::format type, uint64_t size) {
    append(type == payload::format::text ? 0x81 : 0x82);
    auto width = size < 126 ? 0 : size < 0x10000 ? 2 : 8;
    append(width == 0 ? size : width == 2 ? 126 : 127);
    for (auto shift = 8 * width; shift > 0; shift -= 8)
      append(size >> (shift - 8));
  }

  std::string_view bytes() const noexcept { return {bytes_.data(), size_}; }

private:
  void append(uint64_t byte) { bytes_[size_++] = static_cast<char>(byte); }

  std::array<char, 10> bytes_;
  uint8_t size_ = 0;
};

/// Returns whether a frame carries a message, or a part of one.
inline bool is_data(std::string_view frame) {
  constexpr char control = 8;
  return (frame[0] & control) == 0;
}

/// Returns whether a frame is the last of its message.
inline bool is_final(std::string_view frame) {
  return (static_cast<uint8_t>(frame[0]) & 0x80) != 0;
}

/// Returns the status code of a close frame that a server sends.
/// @pre the frame has one.
inline close_code close_code_of(std::string_view frame) {
  return static_cast<close_code>(static_cast<uint8_t>(frame[2]) << 8
                                 | static_cast<uint8_t>(frame[3]));
}

} // namespace waybill::net
