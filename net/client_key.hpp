#pragma once

#include <string>

#include "net/peer_address.hpp"

namespace waybill::net {

/// Returns the key by which a client is counted: its address; for IPv6 the
/// first 64 bits of it, since one subscriber has that whole network (RFC 6177);
/// or `unix`.
std::string client_key(const peer_address& x);

} // namespace waybill::net
