#pragma once

#include "net/http/static_file.hpp"

namespace waybill::app {

/// Returns the files of the console, which are those of app/console/: the build
/// puts them into the binary. The page itself has an empty name.
net::static_files console_files();

} // namespace waybill::app
