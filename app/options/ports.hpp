#pragma once

#include <optional>
#include <string>

#include "app/options/options.hpp"

namespace waybill::app {

/// Checks the options of a node's ports, and reads what TLS needs.
/// @returns what is to be done about what is wrong.
std::optional<std::string> check_ports(options& config);

} // namespace waybill::app
