#pragma once

#include <string>

#include "app/options/options.hpp"

namespace waybill::net {

class server;

} // namespace waybill::net

namespace waybill::app {

/// Listens wherever `config` says, or ends the process with 1.
/// @returns the addresses that were taken, for people.
/// @pre nothing runs yet that needs an orderly end.
std::string open_ports(net::server& server, const options& config);

/// Has the ports of a node use the certificates of `config`. Connections that
/// stand are left alone.
/// @pre `config` names the ports that are open.
void renew_certificates(net::server& server, const options& config);

} // namespace waybill::app
