#pragma once

#include <string>
#include <vector>

namespace waybill::app {

/// Tells what a token allows, or why a node refuses it: `waybill token check`.
/// @returns the exit code: 0 if a node takes the token, 1 if not, 2 for invalid
///          arguments.
int run_token_check(std::vector<std::string> arguments);

} // namespace waybill::app
