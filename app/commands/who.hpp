#pragma once

#include <string>
#include <vector>

namespace waybill::app {

/// Tells whether an id is online, and lists its sessions: `waybill who`.
/// @returns the exit code: 0 if it is online, 1 if not or if that is not known,
///          2 for invalid arguments.
int run_who(std::vector<std::string> arguments);

} // namespace waybill::app
