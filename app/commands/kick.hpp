#pragma once

#include <string>
#include <vector>

namespace waybill::app {

/// Closes all sessions of an id: `waybill kick`.
/// @returns the exit code: 0 if nodes were told to, 1 if not, 2 for invalid
///          arguments.
int run_kick(std::vector<std::string> arguments);

} // namespace waybill::app
