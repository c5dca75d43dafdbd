#pragma once

#include <string>
#include <vector>

namespace waybill::app {

/// Tells whether a node and its cluster are healthy: `waybill status`.
/// @returns the exit code: 0 if they are, 1 if not or if that is not known, 2
///          for invalid arguments.
int run_status(std::vector<std::string> arguments);

} // namespace waybill::app
