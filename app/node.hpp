#pragma once

#include "app/options.hpp"

namespace waybill::app {

/// Runs a node until SIGTERM or SIGINT ends it.
/// @returns the exit code of the process: 0 after an orderly end, 1 if the node
///          could not start.
int run_node(const options& config);

} // namespace waybill::app
