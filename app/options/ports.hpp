#pragma once

#include <optional>
#include <string>

#include "app/options/options.hpp"

namespace waybill::app {

/// Checks the options of a node's ports, and loads its certificates.
/// @returns the error messages; none on success.
std::vector<std::string> check_ports(options& config);

} // namespace waybill::app
