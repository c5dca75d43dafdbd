#include "net/http/forwarded.hpp"

#include <algorithm>
#include <vector>

namespace waybill::net {

namespace {

std::string_view trim(std::string_view text) {
  auto first = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(first);
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

} // namespace

peer_address find_client(const http::fields& head, const peer_address& peer,
                         const networks& trusted) {
  auto result = peer;
  if (!contains(trusted, peer))
    return result;
  auto [first, last] = head.equal_range("X-Forwarded-For");
  std::vector<std::string_view> lines;
  for (auto i = first; i != last; ++i)
    lines.push_back(i->value());
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    for (auto rest = *line;;) {
      // Without a comma, this is the whole of it.
      auto comma = rest.rfind(',');
      auto next = peer_address::parse(trim(rest.substr(comma + 1)));
      // Without a valid address, the proxy is the last known hop.
      if (!next)
        return result;
      result = *next;
      if (!contains(trusted, result))
        return result;
      if (comma == rest.npos)
        break;
      rest = rest.substr(0, comma);
    }
  }
  return result;
}

} // namespace waybill::net
