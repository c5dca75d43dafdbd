#pragma once

#include <string>
#include <vector>

#include "app/options/options.hpp"

namespace waybill::net {

class server;

} // namespace waybill::net

namespace waybill::app {

/// Reloads the options of a node and the files that they name. Applies those
/// that can change at run time: access rules, certificates and the log level.
/// Existing sessions are not affected. On an error, nothing changes. Logs the
/// outcome, and each changed option that needs a restart.
/// @param running the options that the node was started with.
/// @param arguments those of `waybill serve`.
void reload(net::server& server, const options& running,
            const std::vector<std::string>& arguments);

} // namespace waybill::app
