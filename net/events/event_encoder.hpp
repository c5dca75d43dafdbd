#pragma once

#include <cstddef>
#include <string>

#include "actors/core/payload.hpp"

namespace waybill::net {

/// Encodes one event of a stream (WHATWG HTML, section 9.2.5), piece by piece:
/// an encoded event may be many times as large as its payload, which all
/// streams share.
///
/// A text has a `data` line for each of its lines. CR, LF and CRLF all end a
/// line, so a client reads each of them as LF. Bytes are an event of type
/// `binary` in base64.
class event_encoder {
public:
  /// @param type the type of the event; empty for a message.
  /// @param id the `id` field; empty for none.
  /// @pre neither contains CR, LF or NUL.
  event_encoder(const std::string& type, const std::string& id, payload data);

  /// Returns the next piece.
  /// @param size the approximate size of the piece.
  /// @pre `!is_done()`
  std::string next(size_t size);

  /// Returns whether all pieces have been returned.
  bool is_done() const noexcept { return is_done_; }

private:
  /// Appends encoded payload until `to` has about `size` bytes.
  void append_text(std::string& to, size_t size);
  void append_base64(std::string& to, size_t size);

  /// The fields before the payload; empty once they have been returned.
  std::string fields_;
  const payload data_;

  /// Number of bytes of the payload that have been encoded.
  size_t position_ = 0;
  bool is_done_ = false;
};

} // namespace waybill::net
