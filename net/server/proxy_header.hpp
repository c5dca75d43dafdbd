#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "net/peer_address.hpp"

namespace waybill::net {

/// The largest header of the PROXY protocol that is read, in bytes: what says
/// more than addresses is skipped, up to here.
constexpr size_t max_proxy_header_size = 4096;

/// What a proxy says at the start of a connection, by the PROXY protocol of
/// version 1 or 2 (HAProxy's doc/proxy-protocol.txt).
struct proxy_header {
  /// How many bytes it has; 0 if it is not complete, and -1 if it never will
  /// be one.
  ptrdiff_t size = 0;

  /// The client; nothing if the proxy speaks for itself, such as to check that
  /// somebody is there.
  std::optional<peer_address> client = std::nullopt;
};

/// Parses the header that stands at the start of `bytes`.
proxy_header parse_proxy_header(std::string_view bytes);

} // namespace waybill::net
