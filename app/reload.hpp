#pragma once

#include <string>
#include <vector>

#include "app/options/options.hpp"

namespace waybill::net {

class server;

} // namespace waybill::net

namespace waybill::app {

/// Reads the options of a node again, and the files that they name, and has the
/// node use what can be changed while it runs: who is let in, certificates and
/// the log's level. Sessions that stand are left alone. If anything is wrong,
/// all stays as it was. Logs what became of it, and which options have another
/// value now that takes a restart.
/// @param running are the options that the node was started with.
/// @param arguments are those of `waybill serve`.
void reload(net::server& server, const options& running,
            const std::vector<std::string>& arguments);

} // namespace waybill::app
