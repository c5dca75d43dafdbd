#pragma once

#include <string>

namespace waybill::app {

/// Returns the version of Waybill.
std::string version();

/// Returns the versions of Waybill and of its libraries, a line each.
std::string versions();

} // namespace waybill::app
