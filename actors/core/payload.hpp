#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <caf/intrusive_ptr.hpp>
#include <caf/ref_counted.hpp>

namespace waybill {

/// The bytes of one message to or from a client. They are immutable and
/// counted, so that a push is held once however many sessions it goes to: this
/// is the one thing that actors share.
class payload {
public:
  /// Says in which kind of WebSocket frame the bytes travel.
  enum class format : uint8_t {
    /// A text frame; the bytes are UTF-8.
    text,
    /// A binary frame; any bytes.
    binary,
  };

  /// Makes an empty text.
  payload() : payload(format::text, {}) {
    // nop
  }

  /// @pre a `format::text` has UTF-8 in `bytes`: a client ends a connection on
  ///      which it gets anything else (RFC 6455, section 8.1).
  payload(format type, std::string bytes)
      : data_(new content(type, std::move(bytes)), false) {
    // nop
  }

  std::string_view bytes() const noexcept { return data_->bytes; }

  format type() const noexcept { return data_->type; }

  size_t size() const noexcept { return data_->bytes.size(); }

  friend bool operator==(const payload& x, const payload& y) noexcept {
    return x.type() == y.type() && x.bytes() == y.bytes();
  }

  /// Prints the type and the size, never the content: it is not ours to show.
  friend std::string to_string(const payload& x) {
    return (x.type() == format::text ? "text[" : "binary[")
           + std::to_string(x.size()) + ']';
  }

private:
  struct content : caf::ref_counted {
    content(format type, std::string bytes)
        : type(type), bytes(std::move(bytes)) {
      // nop
    }
    const format type;
    const std::string bytes;
  };

  caf::intrusive_ptr<const content> data_;
};

/// Makes the payload of a text frame from `text`, which is UTF-8.
inline payload make_text(std::string text) {
  return {payload::format::text, std::move(text)};
}

} // namespace waybill
