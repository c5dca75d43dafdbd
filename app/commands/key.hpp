#pragma once

#include <string>
#include <vector>

namespace waybill::app {

/// Creates an API key for a pusher: `waybill key create`.
/// @returns the exit code: 0, 1 if the file cannot be written, 2 for invalid
///          arguments.
int run_key(std::vector<std::string> arguments);

} // namespace waybill::app
