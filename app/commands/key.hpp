#pragma once

#include <string>
#include <vector>

namespace waybill::app {

/// Makes a key for a pusher: `waybill key create`.
/// @returns the exit code: 0, 1 if the file cannot be written, or 2 for
///          arguments that are wrong.
int run_key(std::vector<std::string> arguments);

} // namespace waybill::app
