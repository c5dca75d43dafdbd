#pragma once

#include <string>
#include <vector>

namespace waybill::app {

/// Prints the last pushes of an id, hop by hop, and its sessions:
/// `waybill trace`.
/// @returns the exit code: 0, 1 if the node cannot tell, or 2 for arguments
///          that are wrong.
int run_trace(std::vector<std::string> arguments);

} // namespace waybill::app
