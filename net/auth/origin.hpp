#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace waybill::net {

/// Where a page of a browser comes from (RFC 6454), in lower case.
struct origin {
  std::string scheme;
  std::string host;

  /// That of the scheme where none was given.
  std::string port;

  /// Parses an origin. `null` and `file://` have no host. A port of `*` stands
  /// for any.
  /// @returns nothing for a text that is no origin.
  static std::optional<origin> parse(std::string_view text);

  /// Tells whether `x` is this origin. If the host of this one begins with
  /// `*.`, that stands for one label or more.
  bool covers(const origin& x) const;
};

/// Tells whether a page from `source` may use what was asked for as `host`: if
/// it comes from that host itself, whatever the port, or from one of `allowed`.
/// All names of the loopback interface are one host: no page can come from it
/// but those of this machine, or of a proxy on it.
/// A browser's cookies do not know ports either, and a proxy that ends TLS
/// hides the scheme.
/// @param host the value of a `Host` field
bool is_allowed_origin(std::string_view source, std::string_view host,
                       const std::vector<origin>& allowed);

} // namespace waybill::net
