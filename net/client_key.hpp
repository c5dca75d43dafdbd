#pragma once

#include <string>

#include "net/peer_address.hpp"

namespace waybill::net {

/// Returns what stands for a client where clients are counted: its address, or
/// the first 64 bits of it for IPv6, of which one subscriber has all that begin
/// with them (RFC 6177), or `unix`.
std::string client_key(const peer_address& x);

} // namespace waybill::net
