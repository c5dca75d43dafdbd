#pragma once

#include <optional>
#include <string>

#include "app/options/options.hpp"

namespace waybill::app {

/// Checks the options of a node's ports, and loads its certificates.
/// @returns an error message, or nothing on success.
std::optional<std::string> check_ports(options& config);

} // namespace waybill::app
