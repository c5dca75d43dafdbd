#include "redis/url.hpp"

#include <algorithm>

#include <boost/url/parse.hpp>
#include <caf/sec.hpp>

namespace waybill::redis {

namespace {

caf::error wrong(const char* what) {
  return make_error(caf::sec::invalid_argument, std::string{what});
}

} // namespace

caf::expected<server_url> server_url::parse(std::string_view text) {
  server_url result;
  constexpr std::string_view unix_scheme = "unix://";
  if (text.starts_with(unix_scheme)) {
    result.path = text.substr(unix_scheme.size());
    // sockaddr_un holds no more, see unix(7).
    if (result.path.empty() || result.path.size() > 107)
      return wrong("the path of a unix socket has 1 to 107 bytes");
    return result;
  }
  auto url = boost::urls::parse_uri(text);
  if (!url || url->scheme() != "redis")
    return wrong("write redis://[user:password@]host:port[/db] or unix://path");
  result.host = url->host_address();
  if (result.host.empty())
    return wrong("the host is missing");
  if (url->has_port())
    result.port = url->port();
  result.user = url->user();
  result.password = url->password();
  auto path = url->path();
  if (path.size() > 1)
    result.db = path.substr(1);
  if (!std::all_of(result.db.begin(), result.db.end(),
                   [](char c) { return c >= '0' && c <= '9'; }))
    return wrong("the database is a number");
  return result;
}

std::string to_string(const server_url& x) {
  if (!x.path.empty())
    return "unix://" + x.path;
  auto host
    = x.host.find(':') == std::string::npos ? x.host : '[' + x.host + ']';
  return "redis://" + host + ':' + x.port + '/' + x.db;
}

} // namespace waybill::redis
