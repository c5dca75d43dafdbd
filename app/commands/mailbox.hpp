#pragma once

#include <string>
#include <vector>

namespace waybill::app {

/// Tells what is kept for an id, or deletes it: `waybill mailbox`.
/// @returns the exit code: 0, 1 if the node does not answer 200, 2 for invalid
///          arguments.
int run_mailbox(std::vector<std::string> arguments);

} // namespace waybill::app
