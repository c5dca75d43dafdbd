#include "net/client_info.hpp"

#include <algorithm>

namespace waybill::net {

client_info::client_info(const peer_address& peer,
                         const boost::beast::http::fields& head)
    : peer(peer) {
  constexpr size_t longest = 160;
  std::string_view field = head[boost::beast::http::field::user_agent];
  user_agent = field.substr(0, longest);
  std::replace_if(
    user_agent.begin(), user_agent.end(),
    [](char c) { return c < ' ' || c > '~'; }, '?');
}

} // namespace waybill::net
