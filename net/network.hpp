#pragma once

#include <string>

#include <boost/asio/ip/address.hpp>

namespace waybill::net {

/// Returns what stands for an address where peers are counted: the address
/// itself, or the first 64 bits of it for IPv6, of which one subscriber has all
/// that begin with them (RFC 6177).
std::string network_of(const boost::asio::ip::address& x);

} // namespace waybill::net
