#include "app/options/node_url.hpp"

#include <boost/url/parse.hpp>

namespace waybill::app {

namespace urls = boost::urls;

std::optional<node_url> node_url::parse(std::string_view text) {
  constexpr std::string_view unix_scheme = "unix:";
  if (text.starts_with("unix:/"))
    return node_url{false, "localhost", "",
                    std::string{text.substr(unix_scheme.size())}};
  auto url = urls::parse_uri(text);
  if (!url || url->host().empty() || url->has_userinfo() || url->has_query()
      || (!url->encoded_path().empty() && url->encoded_path() != "/"))
    return std::nullopt;
  auto is_tls = url->scheme_id() == urls::scheme::https;
  if (!is_tls && url->scheme_id() != urls::scheme::http)
    return std::nullopt;
  auto port = url->has_port() ? std::string{url->port()}
              : is_tls        ? "443"
                              : "80";
  return node_url{is_tls, url->host_address(), port};
}

std::string node_url::authority() const {
  if (!path.empty())
    return host;
  auto is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? '[' + host + ']' : host) + ':' + port;
}

std::string node_url::name() const {
  return path.empty() ? authority() : "unix:" + path;
}

} // namespace waybill::app
