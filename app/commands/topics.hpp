#pragma once

#include <string>
#include <vector>

namespace waybill::app {

/// Adds the sessions of an id to topics, or removes them, and prints the answer
/// for each topic: `waybill topics`.
/// @returns the exit code: 0 if all were answered 200, 1 if one was not, 2 for
///          invalid arguments.
int run_topics(std::vector<std::string> arguments);

} // namespace waybill::app
