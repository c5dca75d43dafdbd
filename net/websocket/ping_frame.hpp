#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>

namespace waybill::net {

/// A ping whose payload is a number, in decimal (RFC 6455, section 5.5.2).
class ping_frame {
public:
  /// Makes no frame.
  ping_frame() = default;

  explicit ping_frame(uint64_t number) {
    auto begin = bytes_.data() + 2;
    auto end = std::to_chars(begin, bytes_.data() + bytes_.size(), number).ptr;
    bytes_[0] = '\x89';
    bytes_[1] = static_cast<char>(end - begin);
    size_ = static_cast<uint8_t>(end - bytes_.data());
  }

  std::string_view bytes() const noexcept { return {bytes_.data(), size_}; }

private:
  /// A header, and at most 20 digits.
  std::array<char, 22> bytes_;
  uint8_t size_ = 0;
};

} // namespace waybill::net
