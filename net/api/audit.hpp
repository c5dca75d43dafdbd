#pragma once

#include <optional>
#include <string>

#include "net/api/api.hpp"

namespace waybill::net {

/// Returns a line for the log that tells who sent a request which ends
/// sessions, empties a mailbox or reaches everyone; nothing for other requests.
std::optional<std::string> audit_line(const api_call& call);

/// Returns such a line for a batch with so many broadcasts.
std::string audit_line(const api_call& call, size_t broadcasts);

} // namespace waybill::net
