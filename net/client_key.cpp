#include "net/client_key.hpp"

#include <algorithm>

namespace waybill::net {

std::string client_key(const peer_address& x) {
  if (x.is_unix())
    return x.text();
  auto bytes = x.bytes();
  if (x.is_v4())
    return peer_address{bytes, 0}.text();
  std::fill(bytes.begin() + 8, bytes.end(), 0);
  return peer_address{bytes, 0}.text() + "/64";
}

} // namespace waybill::net
