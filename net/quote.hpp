#pragma once

#include <string>
#include <string_view>

namespace waybill::net {

/// Quotes and escapes untrusted text for the log, so that it can neither break
/// the line nor control the terminal. Escapes all but ASCII, since Unicode has
/// controls and line separators, too. Replaces invalid UTF-8 by U+FFFD.
std::string quote(std::string_view text);

} // namespace waybill::net
