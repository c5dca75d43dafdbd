#pragma once

#include <string_view>

namespace waybill {

/// Checks that `bytes` is well-formed UTF-8: shortest forms, no surrogates,
/// nothing past U+10FFFF (RFC 3629, section 4).
bool is_utf8(std::string_view bytes) noexcept;

/// Checks that `name` may be what a client or topic is called: UTF-8, 1 to 256
/// bytes, no control characters (C0, DEL, C1) and no `/`.
bool is_name(std::string_view name) noexcept;

} // namespace waybill
