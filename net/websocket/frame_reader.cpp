#include "net/websocket/frame_reader.hpp"

#include <algorithm>

#include "actors/core/text.hpp"

namespace waybill::net {

namespace {

/// Returns whether a client may send a status code (RFC 6455, section 7.4).
bool is_valid(uint16_t code) noexcept {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1013)
         || code >= 3000;
}

bool is_known(frame_opcode opcode) noexcept {
  return opcode <= frame_opcode::binary
         || (opcode >= frame_opcode::close && opcode <= frame_opcode::pong);
}

/// Parses the body of a close frame (RFC 6455, section 5.5.1).
frame_reader::event parse_close(std::string_view body) {
  if (body.empty())
    return frame_reader::close{1000};
  uint16_t code = 0;
  for (auto byte : body.substr(0, 2))
    code = static_cast<uint16_t>(code << 8 | static_cast<uint8_t>(byte));
  if (body.size() < 2 || !is_valid(code) || !is_utf8(body.substr(2)))
    return frame_reader::violation{close_code::protocol_error};
  return frame_reader::close{code};
}

} // namespace

std::optional<frame_reader::event> frame_reader::read(std::string_view& bytes) {
  while (has_head_ || read_head(bytes)) {
    if (!std::exchange(has_head_, true)) {
      ++count_;
      if (auto wrong = begin_frame())
        return violation{*wrong};
    }
    auto part = bytes.substr(0, std::min<uint64_t>(rest_, bytes.size()));
    bytes.remove_prefix(part.size());
    rest_ -= part.size();
    if (auto wrong = add(part))
      return violation{*wrong};
    if (rest_ > 0)
      return std::nullopt;
    has_head_ = false;
    head_size_ = 0;
    if (is_control(opcode()))
      return end_control(std::exchange(control_, {}));
    if (is_final())
      return end_message();
  }
  return std::nullopt;
}

bool frame_reader::read_head(std::string_view& bytes) {
  while (!bytes.empty()) {
    head_[head_size_++] = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    if (head_size_ < 2)
      continue;
    auto length = head_[1] & 0x7f;
    auto width = length == 127 ? 8 : length == 126 ? 2 : 0;
    if (head_size_ < 2 + width + (has_mask() ? 4 : 0))
      continue;
    rest_ = width > 0 ? 0 : length;
    for (auto i = 2; i < 2 + width; ++i)
      rest_ = rest_ << 8 | head_[i];
    mask_at_ = 0;
    return true;
  }
  return false;
}

std::optional<close_code> frame_reader::begin_frame() {
  auto length = head_[1] & 0x7f;
  auto is_minimal = length < 126 || rest_ >= (length == 126 ? 126 : 0x10000);
  auto compressed = (head_[0] & 0x40) != 0;
  auto is_first
    = opcode() == frame_opcode::text || opcode() == frame_opcode::binary;
  if (!is_known(opcode()) || !has_mask() || !is_minimal
      || (head_[0] & 0x30) != 0 || (compressed && !(is_first && decompressor_)))
    return close_code::protocol_error;
  if (is_control(opcode()) ? !is_final() || length >= 126
                           : is_first == in_message_)
    return close_code::protocol_error;
  if (is_control(opcode()))
    return std::nullopt;
  if (is_first) {
    in_message_ = true;
    is_compressed_ = compressed;
    type_ = opcode() == frame_opcode::text ? payload::format::text
                                           : payload::format::binary;
  }
  // The size of a compressed message shows as it is decompressed.
  if (!is_compressed_ && rest_ > max_message_ - message_.size())
    return close_code::too_big;
  return std::nullopt;
}

std::optional<close_code> frame_reader::add(std::string_view part) {
  if (is_control(opcode()))
    unmask(part, control_);
  else if (!is_compressed_)
    unmask(part, message_);
  else {
    std::string compressed;
    unmask(part, compressed);
    return decompressor_->append(compressed, message_, max_message_);
  }
  return std::nullopt;
}

void frame_reader::unmask(std::string_view part, std::string& to) {
  auto mask = head_.begin() + head_size_ - 4;
  auto begin = to.size();
  to.append(part);
  for (auto i = begin; i < to.size(); ++i)
    to[i] = static_cast<char>(to[i] ^ mask[mask_at_++ & 3]);
}

frame_reader::event frame_reader::end_message() {
  in_message_ = false;
  if (is_compressed_)
    if (auto wrong = decompressor_->finish(message_, max_message_))
      return violation{*wrong};
  if (type_ == payload::format::text && !is_utf8(message_))
    return violation{close_code::bad_text};
  return message{type_, std::exchange(message_, {})};
}

frame_reader::event frame_reader::end_control(std::string body) const {
  switch (opcode()) {
  case frame_opcode::ping:
    return ping{std::move(body)};
  case frame_opcode::pong:
    return pong{std::move(body)};
  default:
    return parse_close(body);
  }
}

} // namespace waybill::net
