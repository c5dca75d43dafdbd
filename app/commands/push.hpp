#pragma once

#include <string>
#include <vector>

namespace waybill::app {

/// Pushes what arguments, files or the standard input hold, and prints the
/// answer to each: `waybill push`.
/// @returns the exit code: 0 if all were answered 200 or 202, 1 if one was not,
///          or 2 for arguments that are wrong.
int run_push(std::vector<std::string> arguments);

} // namespace waybill::app
