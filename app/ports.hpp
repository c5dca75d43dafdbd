#pragma once

#include <optional>
#include <string>

#include "app/options.hpp"

namespace waybill::net {

class server;

} // namespace waybill::net

namespace waybill::app {

/// Finds what is wrong with the options of a node's ports.
/// @returns what to do about it.
std::optional<std::string> check_ports(const options& config);

/// Listens wherever `config` says, or ends the process with 1.
/// @returns the addresses that were taken, for people.
/// @pre nothing runs yet that needs an orderly end.
std::string open_ports(net::server& server, const options& config);

} // namespace waybill::app
