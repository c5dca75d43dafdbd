#include "app/options/otlp_url.hpp"

#include <boost/url/parse.hpp>

namespace waybill::app {

std::optional<otlp_url> otlp_url::parse(std::string_view text) {
  auto url = boost::urls::parse_uri(text);
  if (!url)
    return std::nullopt;
  std::string path{url->encoded_path()};
  auto server = node_url::parse(text.substr(0, text.size() - path.size()));
  if (!server || !server->path.empty())
    return std::nullopt;
  return otlp_url{*server, path.size() > 1 ? path : "/v1/traces"};
}

} // namespace waybill::app
