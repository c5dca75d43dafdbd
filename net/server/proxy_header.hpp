#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "net/peer_address.hpp"

namespace waybill::net {

/// The maximum size of a PROXY protocol header, in bytes. Fields besides the
/// addresses are skipped.
constexpr size_t max_proxy_header_size = 4096;

/// A header of the PROXY protocol, version 1 or 2 (HAProxy's
/// doc/proxy-protocol.txt).
struct proxy_header {
  /// Its size in bytes; 0 if it is incomplete, and -1 if it is malformed.
  ptrdiff_t size = 0;

  /// The client; nothing if the proxy connects on its own behalf, such as for a
  /// health check.
  std::optional<peer_address> client = std::nullopt;
};

/// Parses the header at the start of `bytes`.
proxy_header parse_proxy_header(std::string_view bytes);

} // namespace waybill::net
