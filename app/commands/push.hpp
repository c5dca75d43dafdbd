#pragma once

#include <string>
#include <vector>

namespace waybill::app {

/// Pushes a text, files or standard input, and prints the answer to each:
/// `waybill push`.
/// @returns the exit code: 0 if all were answered 200 or 202, 1 if one was not,
///          2 for invalid arguments.
int run_push(std::vector<std::string> arguments);

} // namespace waybill::app
