#pragma once

#include <string>
#include <vector>

namespace waybill::app {

/// Explains in sentences why an id got its last pushes, or not: `waybill why`.
/// @returns the exit code: 0, 1 if the node does not answer 200, 2 for invalid
///          arguments.
int run_why(std::vector<std::string> arguments);

} // namespace waybill::app
