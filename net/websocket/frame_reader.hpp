#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "actors/messages.hpp"
#include "net/websocket/compression.hpp"
#include "net/websocket/frame_head.hpp"

namespace waybill::net {

/// Reads what a client sends on a WebSocket (RFC 6455, section 5), from bytes
/// in pieces of any size. Does no I/O.
class frame_reader {
public:
  /// A message, whole and uncompressed. A text is UTF-8.
  struct message {
    payload::format type;
    std::string bytes;
  };

  struct ping {
    std::string bytes;
  };

  struct pong {
    std::string bytes;
  };

  /// A close frame.
  struct close {
    /// Its status code (RFC 6455, section 7.4); 1000 if it has none.
    uint16_t code;
  };

  /// The client has broken the protocol, or a limit.
  struct violation {
    /// The status code that says how (RFC 6455, section 7.4.1).
    close_code code;
  };

  using event = std::variant<message, ping, pong, close, violation>;

  /// @param max_message the maximum size of a message, in bytes.
  explicit frame_reader(size_t max_message) : max_message_(max_message) {
    // nop
  }

  /// Accepts compressed messages (RFC 7692).
  void accept_compression(std::unique_ptr<decompressor> inflate) {
    decompressor_ = std::move(inflate);
  }

  /// Reads on, up to the end of the next message or control frame.
  /// @param bytes loses what has been read.
  /// @returns nothing if more bytes are needed.
  /// @pre there was neither a close frame nor a violation before.
  std::optional<event> read(std::string_view& bytes);

  /// Returns the number of frames that have begun since the last call: each
  /// counts, including empty fragments.
  size_t take_count() noexcept { return std::exchange(count_, 0); }

private:
  /// Reads the head of the next frame.
  /// @returns whether it is complete.
  bool read_head(std::string_view& bytes);

  /// Checks the head of the current frame.
  /// @returns how it breaks the protocol, if it does.
  std::optional<close_code> begin_frame();

  /// Adds a part of the payload of the current frame.
  std::optional<close_code> add(std::string_view part);

  /// Appends a part of the payload without its mask.
  void unmask(std::string_view part, std::string& to);

  event end_message();
  event end_control(std::string body) const;

  frame_opcode opcode() const noexcept {
    return static_cast<frame_opcode>(head_[0] & 0x0f);
  }

  bool is_final() const noexcept { return (head_[0] & 0x80) != 0; }

  bool has_mask() const noexcept { return (head_[1] & 0x80) != 0; }

  const size_t max_message_;

  /// Null if messages are not compressed.
  std::unique_ptr<decompressor> decompressor_;

  /// The head of the current frame, or a part of it.
  std::array<uint8_t, 14> head_;
  uint8_t head_size_ = 0;
  bool has_head_ = false;

  /// The position in the mask, which ends the head.
  uint8_t mask_at_ = 0;

  /// The size of the payload of the current frame that has not been read yet.
  uint64_t rest_ = 0;

  /// Set from the first frame of a message to its last.
  bool in_message_ = false;
  bool is_compressed_ = false;
  payload::format type_ = payload::format::text;

  /// The parts of the message, and of a control frame in its midst.
  std::string message_;
  std::string control_;

  size_t count_ = 0;
};

} // namespace waybill::net
