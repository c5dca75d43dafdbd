#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct sockaddr;

namespace waybill::net {

/// The address of a client: IPv4 or IPv6, with its port if known, or a unix
/// socket of this machine.
class peer_address {
public:
  /// An IPv6 address; IPv4 is mapped (RFC 4291, section 2.5.5.2).
  using bytes_type = std::array<uint8_t, 16>;

  /// A client on a unix socket.
  peer_address() = default;

  /// @param port 0 if unknown.
  peer_address(const bytes_type& bytes, uint16_t port) noexcept;

  /// Treats any family but IPv4 and IPv6 as a unix socket.
  explicit peer_address(const sockaddr& address) noexcept;

  /// Parses an address with or without a port, as proxies write it:
  /// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80`.
  /// @returns nothing for any other text.
  static std::optional<peer_address> parse(std::string_view text);

  /// Parses an address and a port.
  static std::optional<peer_address> parse(std::string_view address,
                                           std::string_view port);

  bool is_unix() const noexcept { return is_unix_; }

  bool is_v4() const noexcept;

  /// Returns the address; zeros for a unix socket.
  const bytes_type& bytes() const noexcept { return bytes_; }

  /// Formats it as `192.0.2.1:80`, `[2001:db8::1]:80`, the address alone if the
  /// port is unknown, or `unix`.
  std::string text() const;

  bool operator==(const peer_address&) const = default;

private:
  bytes_type bytes_ = {};
  uint16_t port_ = 0;
  bool is_unix_ = true;
};

/// A range of addresses (CIDR, RFC 4632), or all unix sockets.
class network {
public:
  /// Parses `10.0.0.0/8`, `fd00::/8`, a single address, or `unix`.
  /// @returns nothing for any other text.
  static std::optional<network> parse(std::string_view text);

  bool contains(const peer_address& peer) const noexcept;

private:
  peer_address first_;

  /// The length of the prefix, in bits.
  size_t bits_ = 0;
};

using networks = std::vector<network>;

/// Tells whether one of `all` contains `peer`.
bool contains(const networks& all, const peer_address& peer) noexcept;

} // namespace waybill::net
