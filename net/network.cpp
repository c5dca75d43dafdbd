#include "net/network.hpp"

#include <algorithm>

namespace waybill::net {

namespace ip = boost::asio::ip;

std::string network_of(const ip::address& x) {
  if (x.is_v4())
    return x.to_string();
  if (x.to_v6().is_v4_mapped())
    return ip::make_address_v4(ip::v4_mapped, x.to_v6()).to_string();
  auto bytes = x.to_v6().to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), 0);
  return ip::make_address_v6(bytes).to_string() + "/64";
}

} // namespace waybill::net
