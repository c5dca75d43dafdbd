#pragma once

#include "net/http/static_file.hpp"

namespace waybill::app {

/// Returns the files of app/console/, which the build embeds in the binary. The
/// page itself has an empty name.
net::static_files console_files();

} // namespace waybill::app
