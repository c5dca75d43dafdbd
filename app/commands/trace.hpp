#pragma once

#include <string>
#include <vector>

namespace waybill::app {

/// Prints the trace events of the last pushes to an id and of its sessions:
/// `waybill trace`.
/// @returns the exit code: 0, 1 if the node does not answer 200, 2 for invalid
///          arguments.
int run_trace(std::vector<std::string> arguments);

} // namespace waybill::app
