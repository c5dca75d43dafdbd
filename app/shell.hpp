#pragma once

#include <string>
#include <vector>

namespace waybill::app {

/// Pushes what arguments, files or the standard input hold, and prints the
/// answer to each: `waybill push`.
/// @returns the exit code: 0 if all were answered 200 or 202, 1 if one was not,
///          or 2 for arguments that are wrong.
int run_push(std::vector<std::string> arguments);

/// Prints what an id gets, and reconnects for as long as it may:
/// `waybill listen`.
/// @returns the exit code: 0 after `--count` messages, 1 if the node wants this
///          client no more, or 2 for arguments that are wrong.
int run_listen(std::vector<std::string> arguments);

} // namespace waybill::app
