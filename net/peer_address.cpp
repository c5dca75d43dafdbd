#include "net/peer_address.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>

namespace waybill::net {

namespace {

using bytes_type = peer_address::bytes_type;

constexpr bytes_type v4_mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

constexpr size_t v4_offset = 12;

template <class T>
std::optional<T> parse_number(std::string_view text, T most) {
  T result = 0;
  auto last = text.data() + text.size();
  auto [end, error] = std::from_chars(text.data(), last, result);
  if (error != std::errc{} || end != last || result > most)
    return std::nullopt;
  return result;
}

std::optional<bytes_type> parse_bytes(std::string_view text) {
  std::string copy{text};
  // `inet_pton` would ignore the rest.
  if (copy.find('\0') != copy.npos)
    return std::nullopt;
  auto result = v4_mapped;
  if (inet_pton(AF_INET, copy.c_str(), result.data() + v4_offset) == 1
      || inet_pton(AF_INET6, copy.c_str(), result.data()) == 1)
    return result;
  return std::nullopt;
}

} // namespace

peer_address::peer_address(const bytes_type& bytes, uint16_t port) noexcept
    : bytes_(bytes), port_(port), is_unix_(false) {
  // nop
}

peer_address::peer_address(const sockaddr& address) noexcept {
  if (address.sa_family == AF_INET) {
    auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    bytes_ = v4_mapped;
    std::memcpy(bytes_.data() + v4_offset, &v4.sin_addr, sizeof(v4.sin_addr));
    port_ = ntohs(v4.sin_port);
    is_unix_ = false;
  } else if (address.sa_family == AF_INET6) {
    auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    std::memcpy(bytes_.data(), &v6.sin6_addr, sizeof(v6.sin6_addr));
    port_ = ntohs(v6.sin6_port);
    is_unix_ = false;
  }
}

std::optional<peer_address> peer_address::parse(std::string_view address,
                                                std::string_view port) {
  auto bytes = parse_bytes(address);
  auto number = parse_number<uint16_t>(port, 65535);
  if (!bytes || !number)
    return std::nullopt;
  return peer_address{*bytes, *number};
}

std::optional<peer_address> peer_address::parse(std::string_view text) {
  auto host = text;
  std::string_view port = "0";
  auto colon = text.rfind(':');
  // An IPv6 address contains colons, so it needs brackets before a port.
  auto has_port
    = colon != text.npos && (text.find(':') == colon || text[colon - 1] == ']');
  if (has_port) {
    port = text.substr(colon + 1);
    host = text.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (host.find(':') == host.npos)
      return std::nullopt;
  }
  return parse(host, port);
}

bool peer_address::is_v4() const noexcept {
  return std::equal(v4_mapped.begin(), v4_mapped.begin() + v4_offset,
                    bytes_.begin());
}

std::string peer_address::text() const {
  if (is_unix_)
    return "unix";
  char host[INET6_ADDRSTRLEN] = {};
  if (is_v4())
    inet_ntop(AF_INET, bytes_.data() + v4_offset, host, sizeof(host));
  else
    inet_ntop(AF_INET6, bytes_.data(), host, sizeof(host));
  if (port_ == 0)
    return host;
  auto port = ':' + std::to_string(port_);
  return is_v4() ? host + port : '[' + std::string{host} + ']' + port;
}

std::optional<network> network::parse(std::string_view text) {
  network result;
  if (text == "unix")
    return result;
  auto slash = std::min(text.find('/'), text.size());
  auto first = parse_bytes(text.substr(0, slash));
  if (!first)
    return std::nullopt;
  result.first_ = peer_address{*first, 0};
  // The prefix length of an IPv6 address counts from its first bit.
  size_t before = text.substr(0, slash).find(':') == text.npos ? 96 : 0;
  result.bits_ = 128;
  if (slash < text.size()) {
    auto bits = parse_number<size_t>(text.substr(slash + 1), 128 - before);
    if (!bits)
      return std::nullopt;
    result.bits_ = before + *bits;
  }
  return result;
}

bool network::contains(const peer_address& peer) const noexcept {
  if (first_.is_unix() || peer.is_unix())
    return first_.is_unix() && peer.is_unix();
  auto& ours = first_.bytes();
  auto& theirs = peer.bytes();
  auto whole = bits_ / 8;
  auto rest = bits_ % 8;
  return std::equal(ours.begin(), ours.begin() + whole, theirs.begin())
         && (rest == 0 || (ours[whole] ^ theirs[whole]) >> (8 - rest) == 0);
}

bool contains(const networks& all, const peer_address& peer) noexcept {
  return std::any_of(all.begin(), all.end(),
                     [&](const network& x) { return x.contains(peer); });
}

} // namespace waybill::net
