#pragma once

#include <string>
#include <vector>

namespace waybill::app {

/// Prints the figures of all nodes each second: `waybill top`.
/// @returns the exit code: 0 after the last of `--count` tables, 1 if the node
///          does not answer 200, 2 for invalid arguments.
int run_top(std::vector<std::string> arguments);

} // namespace waybill::app
