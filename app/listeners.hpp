#pragma once

#include <string>

#include "app/options/options.hpp"

namespace waybill::net {

class server;

} // namespace waybill::net

namespace waybill::app {

/// Opens the ports of `config`, or ends the process with 1 if that fails.
/// @returns a description of the open addresses.
/// @pre nothing runs yet that needs an orderly shutdown.
std::string open_ports(net::server& server, const options& config);

/// Makes the ports of a node use the certificates of `config`. Existing
/// connections keep theirs.
/// @pre `config` names the open ports.
void renew_certificates(net::server& server, const options& config);

} // namespace waybill::app
