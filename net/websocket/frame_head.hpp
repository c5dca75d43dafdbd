#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "actors/messages.hpp"

namespace waybill::net {

/// Kinds of frames (RFC 6455, section 5.2).
enum class frame_opcode : uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};

/// Returns whether a frame is a control frame (RFC 6455, section 5.5).
constexpr bool is_control(frame_opcode opcode) noexcept {
  return (static_cast<uint8_t>(opcode) & 8) != 0;
}

/// The header of an unfragmented frame, as a server sends it (RFC 6455, section
/// 5.2).
class frame_head {
public:
  frame_head() = default;

  /// @param size the size of the payload, in bytes.
  /// @param compressed sets the bit for a compressed message (RFC 7692, section
  ///                   6).
  frame_head(frame_opcode opcode, uint64_t size, bool compressed = false) {
    append(0x80 | (compressed ? 0x40 : 0) | static_cast<uint8_t>(opcode));
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

/// Makes the head of a frame with a whole message.
inline frame_head head_of(const payload& message, bool compressed = false) {
  return {message.type() == payload::format::text ? frame_opcode::text
                                                  : frame_opcode::binary,
          message.size(), compressed};
}

/// Makes a control frame.
/// @pre `body.size() < 126`
inline std::string control_frame(frame_opcode opcode, std::string_view body) {
  return std::string{frame_head{opcode, body.size()}.bytes()}.append(body);
}

/// Makes a close frame (RFC 6455, section 5.5.1).
/// @pre `reason.size() < 124`
inline std::string close_frame(uint16_t code, std::string_view reason = {}) {
  std::string body{static_cast<char>(code >> 8), static_cast<char>(code)};
  return control_frame(frame_opcode::close, body.append(reason));
}

} // namespace waybill::net
