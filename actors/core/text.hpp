#pragma once

#include <string>
#include <string_view>

namespace waybill {

/// Checks that `bytes` is well-formed UTF-8: no overlong forms, no surrogates,
/// nothing beyond U+10FFFF (RFC 3629, section 4).
bool is_utf8(std::string_view bytes) noexcept;

/// Checks that `name` is a valid id or topic: UTF-8, 1 to 256 bytes, no control
/// characters (C0, DEL, C1) and no `/`.
bool is_name(std::string_view name) noexcept;

/// Checks that `text` can be the reason of a close frame: UTF-8, 1 to 100
/// bytes, no control characters (C0, DEL, C1).
bool is_reason(std::string_view text) noexcept;

/// Replaces escaped lone surrogates in JSON by the escape of U+FFFD: they are
/// valid JSON (RFC 8259, section 8.2) but have no UTF-8 form.
std::string mend_surrogates(std::string_view json);

} // namespace waybill
