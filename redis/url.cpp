#include "redis/url.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

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

bool is_port(std::string_view digits) {
  unsigned number = 0;
  auto last = digits.data() + digits.size();
  auto [end, ec] = std::from_chars(digits.data(), last, number);
  return ec == std::errc{} && end == last && number >= 1 && number <= 65535;
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
  if (url->has_port() && !is_port(url->port()))
    return wrong("the port must be a number from 1 to 65535");
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

/// A list of hosts, and the login before it, which ends in `@` if there is one.
struct host_list {
  std::string login;
  std::vector<std::string> hosts;
};

/// Splits `[[user]:password@]host[:port],…`.
caf::expected<host_list> split_hosts(std::string_view text) {
  host_list result;
  result.login = text.substr(0, text.find('@') + 1);
  text.remove_prefix(result.login.size());
  if (text.find('@') != std::string_view::npos)
    return wrong("write one user and password, before the first host");
  for (bool more = true; more;) {
    auto comma = text.find(',');
    result.hosts.emplace_back(text.substr(0, comma));
    more = comma != std::string_view::npos;
    text.remove_prefix(more ? comma + 1 : 0);
  }
  return result;
}

/// Parses `[[user]:password@]host[:port],…/master[/db]`.
caf::expected<server_url> parse_sentinels(std::string_view text) {
  // A slash or @ in a user or password is percent-encoded.
  auto slash = std::min(text.find('/'), text.size());
  auto list = split_hosts(text.substr(0, slash));
  if (!list)
    return std::move(list.error());
  auto rest = text.substr(slash);
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
  auto result = parse_server(list->login + "master" + std::string{rest});
  if (!result)
    return result;
  result->master = master;
  for (auto& host : list->hosts) {
    auto sentinel = parse_server(std::move(host), "26379");
    if (!sentinel)
      return sentinel;
    sentinel->db.clear();
    sentinel->role = "sentinel";
    result->sentinels.push_back(*std::move(sentinel));
  }
  return result;
}

/// Parses `[[user]:password@]host[:port],…`.
caf::expected<server_url> parse_cluster(std::string_view text, bool tls) {
  if (text.find('/') != std::string_view::npos)
    return wrong("a Redis Cluster has no databases: end with the last host");
  auto list = split_hosts(text);
  if (!list)
    return std::move(list.error());
  server_url result;
  for (auto& host : list->hosts) {
    auto seed = parse_server(list->login + host);
    if (!seed)
      return seed;
    seed->db.clear();
    seed->tls = tls;
    result.seeds.push_back(*std::move(seed));
  }
  auto& first = result.seeds.front();
  result.user = first.user;
  result.password = first.password;
  result.db.clear();
  result.tls = tls;
  return result;
}

std::string address_of(const server_url& x) {
  auto host
    = x.host.find(':') == std::string::npos ? x.host : '[' + x.host + ']';
  return host + ':' + x.port;
}

std::string addresses_of(const std::vector<server_url>& all) {
  std::string result;
  for (auto& x : all)
    result += (result.empty() ? "" : ",") + address_of(x);
  return result;
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
  if (consume(text, "redis+cluster://"))
    return parse_cluster(text, false);
  if (consume(text, "rediss+cluster://"))
    return parse_cluster(text, true);
  auto tls = consume(text, "rediss://");
  if (!tls && !consume(text, "redis://"))
    return wrong("the scheme must be redis, rediss, redis+sentinel, "
                 "redis+cluster, rediss+cluster or unix");
  auto result = parse_server(std::string{text});
  if (result)
    result->tls = tls;
  return result;
}

std::string to_string(const server_url& x) {
  if (!x.path.empty())
    return "unix://" + x.path;
  std::string scheme = x.tls ? "rediss" : "redis";
  if (!x.seeds.empty())
    return scheme + "+cluster://" + addresses_of(x.seeds);
  if (!x.sentinels.empty())
    return scheme + "+sentinel://" + addresses_of(x.sentinels) + '/' + x.master
           + '/' + x.db;
  return scheme + "://" + address_of(x) + '/' + x.db;
}

} // namespace waybill::redis
