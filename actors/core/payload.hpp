#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <caf/intrusive_ptr.hpp>
#include <caf/ref_counted.hpp>

namespace waybill {

/// Content of one message to or from a client, immutable and reference-counted,
/// so that all sessions share one copy of a push. Actors share nothing else.
class payload {
public:
  /// Type of the WebSocket frame that carries the bytes.
  enum class format : uint8_t {
    /// A text frame; the bytes are UTF-8.
    text,
    /// A binary frame; any bytes.
    binary,
  };

  /// Constructs an empty text.
  payload() : payload(format::text, {}) {
    // nop
  }

  /// @pre `type != format::text || is_utf8(bytes)`: a client fails the
  ///      connection otherwise (RFC 6455, section 8.1).
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

  /// Prints type and size, never the content, which may be confidential.
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

/// Makes the payload of a text frame.
/// @pre `is_utf8(text)`
inline payload make_text(std::string text) {
  return {payload::format::text, std::move(text)};
}

} // namespace waybill
