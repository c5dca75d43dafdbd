#pragma once

#include <string>
#include <vector>

#include "app/options/options.hpp"

namespace waybill::app {

/// Runs a node until SIGTERM or SIGINT.
/// @param arguments those of `waybill serve`; SIGHUP parses them again.
/// @returns the exit code of the process: 0 after an orderly end, 1 if the node
///          could not start.
int run_node(const options& config, const std::vector<std::string>& arguments);

} // namespace waybill::app
