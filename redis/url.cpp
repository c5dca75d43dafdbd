#include "redis/url.hpp"

#include <algorithm>
#include <cctype>

#include <boost/url/parse.hpp>
#include <caf/sec.hpp>

namespace waybill::redis {

namespace {

caf::error wrong(const char* message) {
  return make_error(caf::sec::invalid_argument, std::string{message});
}

/// Removes `prefix` from the start of `text`; returns whether it was there.
bool consume(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix))
    return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// Parses `[[user]:password@]host[:port][/db]`.
caf::expected<server_url> parse_server(std::string text,
                                       const char* default_port = "6379") {
  // The parsed URL refers to this text.
  text.insert(0, "redis://");
  auto url = boost::urls::parse_uri(text);
  if (!url || url->has_query() || url->has_fragment())
    return wrong("write [[user]:password@]host[:port][/db] after redis://");
  server_url result;
  result.host = url->host_address();
  if (result.host.empty())
    return wrong("the host is missing");
  result.port = url->has_port() ? std::string{url->port()} : default_port;
  result.user = url->user();
  result.password = url->password();
  auto path = url->path();
  if (path.size() > 1)
    result.db = path.substr(1);
  if (!std::all_of(result.db.begin(), result.db.end(),
                   [](char c) { return c >= '0' && c <= '9'; }))
    return wrong("the database must be a number");
  return result;
}

/// Parses `[[user]:password@]host[:port],…/master[/db]`.
caf::expected<server_url> parse_sentinels(std::string_view text) {
  // A slash or @ in a user or password is percent-encoded.
  auto slash = std::min(text.find('/'), text.size());
  auto names = text.substr(0, slash);
  auto rest = text.substr(slash);
  auto login = names.substr(0, names.find('@') + 1);
  names.remove_prefix(login.size());
  if (names.find('@') != std::string_view::npos)
    return wrong("write one user and password, before the first Sentinel");

  consume(rest, "/");
  auto master = rest.substr(0, rest.find('/'));
  // The characters that Sentinel allows.
  auto is_ok = [](unsigned char c) {
    return std::isalnum(c) || c == '.' || c == '-' || c == '_';
  };
  if (master.empty() || !std::all_of(master.begin(), master.end(), is_ok))
    return wrong("the name of the master is missing or invalid");
  rest.remove_prefix(master.size());
  // Sentinels name the host of the master; until then it is called so.
  auto result = parse_server(std::string{login} + "master" + std::string{rest});
  if (!result)
    return result;
  result->master = master;
  for (bool more = true; more;) {
    auto comma = names.find(',');
    auto sentinel = parse_server(std::string{names.substr(0, comma)}, "26379");
    if (!sentinel)
      return sentinel;
    sentinel->db.clear();
    sentinel->role = "sentinel";
    result->sentinels.push_back(*std::move(sentinel));
    more = comma != std::string_view::npos;
    names.remove_prefix(more ? comma + 1 : 0);
  }
  return result;
}

std::string address_of(const server_url& x) {
  auto host
    = x.host.find(':') == std::string::npos ? x.host : '[' + x.host + ']';
  return host + ':' + x.port;
}

} // namespace

caf::expected<server_url> server_url::parse(std::string_view text) {
  if (consume(text, "unix://")) {
    server_url result;
    result.path = text;
    // The limit of sockaddr_un, see unix(7).
    if (result.path.empty() || result.path.size() > 107)
      return wrong("the path of a unix socket must have 1 to 107 bytes");
    return result;
  }
  if (consume(text, "redis+sentinel://"))
    return parse_sentinels(text);
  auto tls = consume(text, "rediss://");
  if (!tls && !consume(text, "redis://"))
    return wrong("the scheme must be redis, rediss, redis+sentinel or unix");
  auto result = parse_server(std::string{text});
  if (result)
    result->tls = tls;
  return result;
}

std::string to_string(const server_url& x) {
  if (!x.path.empty())
    return "unix://" + x.path;
  if (x.sentinels.empty())
    return (x.tls ? "rediss://" : "redis://") + address_of(x) + '/' + x.db;
  std::string hosts;
  for (auto& url : x.sentinels)
    hosts += (hosts.empty() ? "" : ",") + address_of(url);
  return "redis+sentinel://" + hosts + '/' + x.master + '/' + x.db;
}

} // namespace waybill::redis
