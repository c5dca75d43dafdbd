#pragma once

#include <string>
#include <vector>

namespace waybill::app {

/// Measures a node, or a cluster behind one address: `waybill bench`.
/// @returns the exit code: 0 if all sessions connected, all pushes were
///          answered 200 and none was lost, 1 if not, 2 for invalid arguments.
int run_bench(std::vector<std::string> arguments);

} // namespace waybill::app
