#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace waybill::net {

/// The origin of a page in a browser (RFC 6454), in lower case.
struct origin {
  std::string scheme;
  std::string host;

  /// The default of the scheme if the origin has none.
  std::string port;

  /// Parses an origin. `null` and `file://` have no host. A port of `*` stands
  /// for any.
  /// @returns nothing if `text` is not an origin.
  static std::optional<origin> parse(std::string_view text);

  /// Tells whether `x` matches this origin, whose host may begin with `*.` for
  /// one or more labels.
  bool covers(const origin& x) const;
};

/// Tells whether a page from `source` may use `host`: if it comes from that
/// host, on any port, or from one of `allowed`. All names of the loopback
/// interface count as one host: only pages of this machine, or of a proxy on
/// it, have such an origin. Ports and schemes are not compared: cookies ignore
/// ports, too, and a proxy that terminates TLS hides the scheme.
/// @param host the value of a `Host` field.
bool is_allowed_origin(std::string_view source, std::string_view host,
                       const std::vector<origin>& allowed);

} // namespace waybill::net
