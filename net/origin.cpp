#include "net/origin.hpp"

#include <algorithm>
#include <cctype>

#include <boost/url/parse.hpp>

namespace waybill::net {

namespace {

std::string to_lower(std::string_view text) {
  std::string result{text};
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return result;
}

} // namespace

std::optional<origin> origin::parse(std::string_view text) {
  auto url = boost::urls::parse_uri(text);
  if (!url || !url->has_authority() || url->has_userinfo()
      || !url->encoded_path().empty() || url->has_query() || url->has_fragment()
      || url->encoded_host().empty())
    return std::nullopt;
  origin result{to_lower(url->scheme()), to_lower(url->encoded_host()),
                std::string{url->port()}};
  if (result.port.empty())
    result.port = result.scheme == "https"  ? "443"
                  : result.scheme == "http" ? "80"
                                            : "";
  return result;
}

bool origin::covers(const origin& x) const {
  if (scheme != x.scheme || port != x.port)
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
  auto here = origin::parse(from->scheme + "://" + std::string{host});
  return (here && here->host == from->host)
         || std::any_of(allowed.begin(), allowed.end(),
                        [&](const origin& x) { return x.covers(*from); });
}

} // namespace waybill::net
