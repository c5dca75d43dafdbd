#pragma once

#include <string>
#include <string_view>

namespace waybill::net {

/// Quotes and escapes what others wrote, for the log: it can neither break the
/// line nor speak to the terminal. All but ASCII is escaped, since there are
/// controls and line ends beyond it; what is not UTF-8 shows as U+FFFD.
std::string quote(std::string_view text);

} // namespace waybill::net
