#pragma once

#include <string>
#include <string_view>

namespace waybill {

/// Checks that `bytes` is well-formed UTF-8: shortest forms, no surrogates,
/// nothing past U+10FFFF (RFC 3629, section 4).
bool is_utf8(std::string_view bytes) noexcept;

/// Checks that `name` may be what a client or topic is called: UTF-8, 1 to 256
/// bytes, no control characters (C0, DEL, C1) and no `/`.
bool is_name(std::string_view name) noexcept;

/// Replaces the escapes of halves of surrogate pairs in JSON by that of U+FFFD:
/// the grammar allows them (RFC 8259, section 8.2), but they are no text.
std::string mend_surrogates(std::string_view json);

} // namespace waybill
