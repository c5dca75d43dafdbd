#pragma once

#include "net/server/connection.hpp"

namespace waybill::net {

/// Prepares a connection for its first request: reads the PROXY protocol header
/// if its peer must send one, and starts TLS if `tls` is set.
/// @pre runs on the loop of `socket`, which is that of `context`.
void open_connection(socket_type socket, server_context& context,
                     const connection_info& from, const tls_ptr& tls);

} // namespace waybill::net
