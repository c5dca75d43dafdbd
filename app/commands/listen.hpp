#pragma once

#include <string>
#include <vector>

namespace waybill::app {

/// Prints the messages of an id, and reconnects when the connection ends:
/// `waybill listen`.
/// @returns the exit code: 0 after `--count` messages, 1 if the node refuses
///          this client for good, 2 for invalid arguments.
int run_listen(std::vector<std::string> arguments);

} // namespace waybill::app
