#pragma once

#include <string>
#include <vector>

namespace waybill::app {

/// Prints what an id gets, and reconnects for as long as it may:
/// `waybill listen`.
/// @returns the exit code: 0 after `--count` messages, 1 if the node wants this
///          client no more, or 2 for arguments that are wrong.
int run_listen(std::vector<std::string> arguments);

} // namespace waybill::app
