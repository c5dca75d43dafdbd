#pragma once

#include <string>
#include <vector>

namespace waybill::app {

/// Creates a token for a client: `waybill token`.
/// @returns the exit code: 0, or 2 for invalid arguments.
int run_token(std::vector<std::string> arguments);

} // namespace waybill::app
