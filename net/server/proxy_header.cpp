#include "net/server/proxy_header.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace waybill::net {

namespace {

using namespace std::string_view_literals;

constexpr proxy_header incomplete{0};
constexpr proxy_header malformed{-1};

// -- version 1: a line of text ------------------------------------------------

constexpr auto text_signature = "PROXY "sv;

constexpr size_t longest_line = 107;

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> result;
  for (size_t i = 0; i <= text.size();) {
    auto end = std::min(text.find(' ', i), text.size());
    result.push_back(text.substr(i, end - i));
    i = end + 1;
  }
  return result;
}

proxy_header parse_text(std::string_view bytes) {
  auto end = bytes.substr(0, longest_line).find('\n');
  if (end == bytes.npos)
    return bytes.size() < longest_line ? incomplete : malformed;
  if (bytes[end - 1] != '\r')
    return malformed;
  auto size = static_cast<ptrdiff_t>(end + 1);
  auto words = split_words(bytes.substr(0, end - 1));
  auto& protocol = words[1];
  if (protocol == "UNKNOWN")
    return {size};
  if (words.size() != 6 || (protocol != "TCP4" && protocol != "TCP6"))
    return malformed;
  auto client = peer_address::parse(words[2], words[4]);
  auto server = peer_address::parse(words[3], words[5]);
  auto is_v6 = [](std::string_view x) { return x.find(':') != x.npos; };
  if (!client || !server || is_v6(words[2]) != (protocol == "TCP6"))
    return malformed;
  return {size, client};
}

// -- version 2: bytes ---------------------------------------------------------

constexpr auto signature = "\r\n\r\n\0\r\nQUIT\n"sv;

constexpr size_t fixed_size = 16;

/// Returns a 16-bit number in network byte order.
uint16_t number_at(std::string_view bytes, size_t i) {
  return static_cast<uint16_t>(static_cast<uint8_t>(bytes[i]) << 8
                               | static_cast<uint8_t>(bytes[i + 1]));
}

/// Reads a client's address; those of client and server precede the ports.
std::optional<peer_address> read_client(std::string_view addresses,
                                        size_t address_size) {
  if (addresses.size() < 2 * address_size + 4)
    return std::nullopt;
  peer_address::bytes_type bytes{};
  if (address_size == 4)
    bytes[10] = bytes[11] = 0xff;
  std::copy_n(addresses.begin(), address_size, bytes.end() - address_size);
  return peer_address{bytes, number_at(addresses, 2 * address_size)};
}

proxy_header parse_binary(std::string_view bytes) {
  if (bytes.size() < fixed_size)
    return incomplete;
  auto command = static_cast<uint8_t>(bytes[12]);
  auto family = static_cast<uint8_t>(bytes[13]);
  auto size = fixed_size + number_at(bytes, 14);
  if ((command != 0x20 && command != 0x21) || size > max_proxy_header_size)
    return malformed;
  if (bytes.size() < size)
    return incomplete;
  proxy_header result{static_cast<ptrdiff_t>(size)};
  // The command LOCAL, or an unspecified address family.
  if (command == 0x20 || family == 0x00)
    return result;
  auto addresses = bytes.substr(fixed_size, size - fixed_size);
  constexpr size_t unix_size = 216;
  if (family == 0x11)
    result.client = read_client(addresses, 4);
  else if (family == 0x21)
    result.client = read_client(addresses, 16);
  else if (family == 0x31 && addresses.size() >= unix_size)
    result.client = peer_address{};
  return result.client ? result : malformed;
}

/// Tells whether `bytes` are a prefix of `start`, or begin with it.
bool may_start_with(std::string_view bytes, std::string_view start) {
  auto size = std::min(bytes.size(), start.size());
  return bytes.substr(0, size) == start.substr(0, size);
}

} // namespace

proxy_header parse_proxy_header(std::string_view bytes) {
  if (bytes.starts_with(text_signature))
    return parse_text(bytes);
  if (bytes.starts_with(signature))
    return parse_binary(bytes);
  return may_start_with(bytes, text_signature)
             || may_start_with(bytes, signature)
           ? incomplete
           : malformed;
}

} // namespace waybill::net
