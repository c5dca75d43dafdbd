#pragma once

#include <string>

namespace waybill::app {

/// Returns the version of Waybill.
std::string version();

/// Returns the versions of Waybill and its libraries, one per line.
std::string versions();

} // namespace waybill::app
