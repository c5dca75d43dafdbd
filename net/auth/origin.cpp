#include "net/auth/origin.hpp"

#include <algorithm>
#include <cctype>

#include <boost/asio/ip/address_v4.hpp>
#include <boost/url/parse.hpp>

namespace waybill::net {

namespace {

std::string to_lower(std::string_view text) {
  std::string result{text};
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return result;
}

/// Tells whether a host is this machine, by any of its names.
bool is_loopback(const std::string& host) {
  if (host == "localhost" || host == "[::1]")
    return true;
  boost::system::error_code ec;
  auto address = boost::asio::ip::make_address_v4(host, ec);
  return !ec && address.is_loopback();
}

} // namespace

std::optional<origin> origin::parse(std::string_view text) {
  // The origins of pages without a host: in a file, in an app, or in a
  // sandboxed frame.
  if (text == "null" || text == "file://")
    return origin{std::string{text}, "", ""};
  auto any_port = text.ends_with(":*");
  if (any_port)
    text.remove_suffix(2);
  auto url = boost::urls::parse_uri(text);
  if (!url || !url->has_authority() || url->has_userinfo()
      || !url->encoded_path().empty() || url->has_query() || url->has_fragment()
      || url->encoded_host().empty() || (any_port && url->has_port()))
    return std::nullopt;
  origin result{to_lower(url->scheme()), to_lower(url->encoded_host()),
                any_port ? "*" : std::string{url->port()}};
  if (result.port.empty())
    result.port = result.scheme == "https"  ? "443"
                  : result.scheme == "http" ? "80"
                                            : "";
  return result;
}

bool origin::covers(const origin& x) const {
  if (scheme != x.scheme || (port != x.port && port != "*"))
    return false;
  if (!host.starts_with("*."))
    return host == x.host;
  auto suffix = std::string_view{host}.substr(1);
  return x.host.size() > suffix.size() && x.host.ends_with(suffix);
}

bool is_allowed_origin(std::string_view source, std::string_view host,
                       const std::vector<origin>& allowed) {
  auto from = origin::parse(source);
  if (!from)
    return false;
  auto here = origin::parse("http://" + std::string{host});
  auto is_own = here && !from->host.empty()
                && (here->host == from->host
                    || (is_loopback(here->host) && is_loopback(from->host)));
  return is_own
         || std::any_of(allowed.begin(), allowed.end(),
                        [&](const origin& x) { return x.covers(*from); });
}

} // namespace waybill::net
