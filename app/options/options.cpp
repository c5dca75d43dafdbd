#include "app/options/options.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <thread>
#include <variant>

#include <sys/resource.h>
#include <unistd.h>

#include "app/options/cli.hpp"
#include "app/options/option_parsers.hpp"
#include "app/options/ports.hpp"
#include "app/options/toml.hpp"

namespace waybill::app {

namespace {

std::string host_name() {
  char buffer[256] = {};
  return gethostname(buffer, sizeof(buffer) - 1) == 0 ? buffer : "node";
}

/// Returns how many sessions there are descriptors for. One in ten is left for
/// pushers, files and Redis.
size_t most_sessions() {
  constexpr rlim_t most = 1'000'000;
  rlimit descriptors{};
  if (getrlimit(RLIMIT_NOFILE, &descriptors) != 0)
    return most;
  return static_cast<size_t>(
    std::clamp<rlim_t>(descriptors.rlim_cur / 10 * 9, 1, most));
}

/// Returns how many connections of an event loop may be open that are no
/// WebSockets. A storm of clients comes as such before it is one of sessions.
net::connection_limits open_limits(size_t threads) {
  auto descriptors = most_sessions() / 9 * 10;
  return {descriptors / 2 / threads + 1, descriptors / 4 / threads + 1};
}

/// Tells whether an option may be given several times.
bool is_list(const CLI::Option& option) {
  return option.get_items_expected_max() > 1;
}

/// Returns the name of the variable that stands for the option `name`.
std::string variable_of(const std::string& name) {
  std::string result = "WAYBILL_";
  for (char c : name)
    result += c == '-' ? '_' : static_cast<char>(std::toupper(c));
  return result;
}

/// Adds an argument for each option that a variable gives and no argument does;
/// an empty one gives nothing, and one of a list may give several, with spaces
/// between them. CLI11 reads variables itself, but lets the file win over them.
void add_variables(const CLI::App& parser,
                   std::vector<std::string>& arguments) {
  for (auto option : parser.get_options()) {
    if (option->get_lnames().empty())
      continue;
    auto flag = "--" + option->get_lnames()[0];
    auto variable = std::getenv(variable_of(flag.substr(2)).c_str());
    std::string value = variable ? variable : "";
    auto is_given = [&](const std::string& x) {
      return x == flag || x.starts_with(flag + '=');
    };
    if (value.empty()
        || std::any_of(arguments.begin(), arguments.end(), is_given))
      continue;
    if (!is_list(*option)) {
      arguments.push_back(flag + '=' + value);
      continue;
    }
    std::istringstream words{value};
    for (std::string word; words >> word;)
      arguments.push_back(flag + '=' + word);
  }
}

/// Returns how fast a client may send. The largest message always may be sent.
net::client_rates rates_of(const options& from) {
  constexpr double window = 10;
  auto frames = static_cast<double>(from.max_message_rate);
  auto bytes = static_cast<double>(from.max_byte_rate);
  auto largest = static_cast<double>(from.connections.websocket.max_message);
  return {{frames, window * frames},
          {bytes, std::max(window * bytes, 2 * largest)}};
}

/// Adds the options of `serve` to a parser, which is to put their values into
/// `result`.
void declare_options(CLI::App& parser, options& result) {
  parser.set_config("--config", "", "Read options from this TOML file");
  parser.allow_config_extras(CLI::config_extras_mode::error);
  parser.config_formatter(std::make_shared<toml_reader>());
  auto& connections = result.connections;
  auto& sockets = connections.websocket;
  const std::string size = "a number of bytes such as 1000, 64KiB or 1MiB";
  const std::string count = "a number from 1 to 1000000";
  const std::string limit = "a number from 0 to 1000000";

  add(parser, "--listen", result.listen, &net::listen_address::parse,
      "host:port or unix:/path", "127.0.0.1:8080",
      "Address for clients and pushers, any number of times: host:port, of "
      "which port 0 takes a free one, or unix:/path");
  add(parser, "--admin-listen", result.admin_listen,
      &net::listen_address::parse, "host:port or unix:/path", "",
      "Address for pushers and admins, any number of times: what --listen "
      "names is then for WebSockets alone");
  parser.add_option("--tls-cert", result.tls.files.certificate,
                    "File of the certificate, in PEM, with those that lead to "
                    "its CA: all ports but unix sockets speak TLS");
  parser.add_option("--tls-key", result.tls.files.key,
                    "File of its private key, in PEM, not encrypted");
  parser.add_option("--admin-tls-cert", result.admin_tls.files.certificate,
                    "The same for --admin-listen; by default --tls-cert");
  parser.add_option("--admin-tls-key", result.admin_tls.files.key,
                    "File of its private key");
  parser.add_option("--admin-tls-client-ca", result.admin_tls.files.client_ca,
                    "File of CA certificates, in PEM: on --admin-listen each "
                    "client needs a certificate of one of them");
  add(parser, "--trusted-proxy", connections.trusted_proxies,
      &net::network::parse, "an address, a network such as 10.0.0.0/8, or unix",
      "",
      "Proxy whose X-Forwarded-For is believed, any number of times; unix for "
      "all that connect by a unix socket");
  parser.add_flag("--proxy-protocol", connections.proxy_protocol,
                  "Have each connection of a --trusted-proxy begin with the "
                  "PROXY protocol, version 1 or 2");
  parser.add_flag("--insecure", result.insecure,
                  "Listen where others can connect, though nobody is asked who "
                  "they are");
  add(parser, "--auth", result.access.needs_token, &read_auth, "none or jwt",
      "none", "How clients are let in: none (all are), jwt (by a token)");
  parser.add_option("--jwt-key-file", result.access.token_key_files,
                    "File of the keys of which one must have signed a token: "
                    "secrets, one on each line, or public keys in PEM; any "
                    "number of times");
  add(parser, "--jwt-alg", result.access.tokens.algorithm,
      &net::parse_algorithm, "HS256, RS256 or ES256", "HS256",
      "How tokens are signed: HS256, RS256, ES256");
  parser.add_option("--jwt-audience", result.access.tokens.audience,
                    "What aud in a token must name");
  parser.add_option("--jwt-issuer", result.access.tokens.issuer,
                    "What iss in a token must be");
  add(parser, "--allow-origin", result.access.origins, &net::origin::parse,
      "an origin such as https://example.com or https://*.example.com", "",
      "Origin of pages that may come, besides those of the host that they ask "
      "for; any number of times");
  parser.add_option("--api-key-file", result.access.api_key_file,
                    "File of the keys that pushers need; see waybill key");
  add(parser, "--redis", result.redis, &read_redis,
      "redis://[user:password@]host:port[/db], rediss:// for TLS, unix://path "
      "or redis+sentinel://[user:password@]host:port,…/master[/db]",
      "",
      "The Redis of the cluster; without one the node is alone. Given several "
      "times, the addresses are spread over that many servers: all nodes must "
      "be given the same");
  parser.add_option("--redis-ca", result.redis_ca,
                    "File of the CA certificates, in PEM, that a rediss:// may "
                    "have; by default the system's");
  parser
    .add_option("--redis-channel", result.redis_channel,
                "Channel on which programs publish {\"KEY\":…,\"VALUE\":…}")
    ->capture_default_str();
  parser
    .add_option("--redis-prefix", result.redis_prefix,
                "Stands before all other channels and keys")
    ->capture_default_str();
  add(
    parser, "--redis-replicas", result.redis_replicas, &read_replicas,
    "a number from 0 to 100", "0",
    "Replicas that must have a push with a ttl before it is answered: as many "
    "as there are, where one may become the master");
  parser.add_option("--node", result.node,
                    "Name of this node, which no other may have; by default "
                    "made of the host's name and the process id");
  add(parser, "--threads", result.threads, &read_threads,
      "a number from 1 to 256", "",
      "Number of event loops; by default that of the cores");
  parser
    .add_option("--greeting", result.greeting,
                "First text to each client; empty for none")
    ->capture_default_str();
  add(parser, "--upstream", result.upstream, &read_upstream,
      "log, echo or redis", "log",
      "What becomes of messages from clients: log, echo, redis");
  add(parser, "--same-id", result.same_id, &read_same_id,
      "all, newest-per-node or newest", "all",
      "What a second session of an id does to the first: all (both stay), "
      "newest-per-node (it replaces the first on its node), newest (in the "
      "whole cluster)");
  add(parser, "--idle-timeout", sockets.idle_timeout, &read_timeout,
      duration_form, "60s",
      "Close a connection whose peer is silent for so long; a WebSocket is "
      "pinged at half of it");
  add(parser, "--head-timeout", connections.head_timeout, &read_timeout,
      duration_form, "10s", "Time to send a request, or to finish a handshake");
  add(parser, "--drain", result.drain, &net::parse_duration, duration_form,
      "10s", "Time over which sessions are closed when the node stops");
  add(parser, "--max-message", sockets.max_message, &read_size, size, "64KiB",
      "Largest message from a client");
  add(parser, "--max-message-rate", result.max_message_rate, &read_count, count,
      "100",
      "WebSocket frames from a client a second, averaged over ten seconds");
  add(parser, "--max-byte-rate", result.max_byte_rate, &read_size, size, "1MiB",
      "Bytes from a client a second, averaged over ten seconds");
  add(parser, "--max-connection-rate", connections.max_connection_rate,
      &read_limit, limit, "0",
      "New connections a second from an IPv4 address, or an IPv6 /64; 0 for "
      "any, as many clients may share an address");
  add(parser, "--max-push-rate", result.limits.max_push_rate, &read_limit,
      limit, "0", "Pushes a second of a pusher on this node; 0 for any");
  add(parser, "--max-request-memory", result.max_request_memory, &read_memory,
      size, "64MiB",
      "Memory for the bodies of requests under way; each event loop has an "
      "equal share, and one body always has room");
  add(parser, "--max-head", connections.max_head, &read_size, size, "16KiB",
      "Largest head of a request");
  add(parser, "--max-fields", connections.max_fields, &read_count, count, "100",
      "Header fields of a request");
  add(parser, "--max-body", connections.max_body, &read_size, size, "256KiB",
      "Largest push, and at most --max-queue");
  add(parser, "--max-queue", result.max_queue, &read_size, size, "1MiB",
      "Bytes that may wait for a client that reads slowly");
  add(parser, "--max-queue-frames", result.max_queue_frames, &read_count, count,
      "65536", "Messages that may wait for it");
  add(parser, "--max-queued", result.limits.max_queued, &read_memory, size,
      "256MiB",
      "Memory for what waits for all clients of this node; past it, those for "
      "whom most waits are closed");
  add(parser, "--max-sessions", result.limits.sessions.in_total, &read_count,
      count, "",
      "Sessions of this node; by default nine of ten file descriptors that it "
      "may open");
  add(parser, "--max-sessions-per-id", result.limits.sessions.per_id,
      &read_limit, limit, "1000", "Sessions of an id on this node; 0 for any");
  add(
    parser, "--max-sessions-per-peer", result.limits.sessions.per_peer,
    &read_limit, limit, "0",
    "Sessions of an IPv4 address, or of an IPv6 /64, on this node; 0 for any, "
    "as many clients may share an address");
  add(parser, "--max-topics", result.max_topics, &read_count, count, "100",
      "Topics of a session");
  add(parser, "--slow-consumer", result.when_slow, &read_slow_consumer,
      "close or drop-oldest", "close",
      "What becomes of it past that: close (with 1013), drop-oldest (it loses "
      "the oldest of those messages)");
  add(parser, "--mailbox-limit", result.mailbox_limit, &read_count, count,
      "1000", "Pushes that may be kept for an id; one past it is answered 507");
  parser.add_flag("--compression", sockets.compression,
                  "Allow permessage-deflate to clients that offer it");
  add(parser, "--log-level", result.log_level, &read_level,
      "debug, info, warn or error", "info",
      "Least level that is logged: debug, info, warn, error");
  add(parser, "--log-format", result.log_json, &read_format, "text or json",
      "text", "Form of a log line: text, json");
}

/// Reads what the options for TLS to Redis name.
/// @returns what is to be done about what is wrong.
std::optional<std::string> check_redis(options& config) {
  auto uses_tls = std::any_of(config.redis.begin(), config.redis.end(),
                              [](const redis::server_url& x) { return x.tls; });
  if (config.upstream == upstream::redis && config.redis.empty())
    return "--upstream redis needs --redis";
  if (!config.redis_ca.empty() && !uses_tls)
    return "--redis-ca needs a --redis rediss://…";
  if (!uses_tls)
    return std::nullopt;
  auto trust = redis::make_trust(config.redis_ca);
  if (!trust)
    return "--redis-ca " + config.redis_ca + ": "
           + trust.error().context().get_as<std::string>(0);
  for (auto& url : config.redis)
    url.trust = *trust;
  return std::nullopt;
}

/// Checks what no single option shows, and reads the files that they name.
/// @returns what is to be done about what is wrong.
std::optional<std::string> check(options& config) {
  if (auto wrong = check_ports(config))
    return wrong;
  if (auto wrong = check_access(config.access))
    return wrong;
  if (auto wrong = check_redis(config))
    return wrong;
  if (!is_name(config.node))
    return "--node is a name without slashes";
  if (!is_utf8(config.greeting))
    return "--greeting is a text in UTF-8";
  return std::nullopt;
}

/// Writes an option as it stands in a file, below what it does. What has no
/// default that is the same everywhere is commented out.
std::string to_toml(const CLI::Option& option) {
  auto name = option.get_lnames()[0];
  auto value = option.get_default_str();
  auto is_number = !value.empty()
                   && std::all_of(value.begin(), value.end(),
                                  [](char c) { return c >= '0' && c <= '9'; });
  auto is_flag = option.get_items_expected_max() == 0;
  auto text = is_flag ? "false" : is_number ? value : '"' + value + '"';
  auto line = name + " = " + (is_list(option) ? '[' + text + ']' : text) + '\n';
  auto is_set = is_flag || !value.empty();
  return wrap(option.get_description(), "# ")
         + (is_set ? line : "# " + name + " =\n");
}

} // namespace

options::options()
    : node(host_name() + '-' + std::to_string(getpid())),
      threads(std::max(1u, std::thread::hardware_concurrency())) {
  limits.sessions.in_total = most_sessions();
  limits.sessions.per_id = 1000;
}

std::variant<options, int> parse_options(std::vector<std::string> arguments,
                                         std::ostream& errors,
                                         const options* running) {
  options result;
  CLI::App parser{"Runs a node: WebSockets at /websocket/{id}, pushes at "
                  "POST /socket/{id}.",
                  "waybill serve"};
  declare_options(parser, result);
  add_variables(parser, arguments);
  if (auto code = parse(parser, std::move(arguments), errors))
    return *code;
  if (running) {
    result.listen = running->listen;
    result.admin_listen = running->admin_listen;
  }
  if (auto wrong = check(result))
    return fail(2, *wrong, errors);
  for (auto option : parser.get_options())
    if (!option->get_lnames().empty())
      result.given[option->get_lnames()[0]] = option->results();
  auto& connections = result.connections;
  auto& sockets = connections.websocket;
  connections.idle_timeout = sockets.idle_timeout;
  sockets.handshake_timeout = connections.head_timeout;
  connections.max_body = std::min(connections.max_body, result.max_queue);
  connections.max_request_memory = std::max<size_t>(
    result.max_request_memory / result.threads, connections.max_body);
  sockets.rates = rates_of(result);
  result.limits.sessions.in_total
    = std::min(result.limits.sessions.in_total, most_sessions());
  connections.open = open_limits(result.threads);
  return result;
}

std::string default_config() {
  options defaults;
  CLI::App parser;
  declare_options(parser, defaults);
  std::string result = "# The options of `waybill serve --config FILE`, with "
                       "their defaults.\n";
  for (auto option : parser.get_options())
    if (option->get_configurable())
      result += '\n' + to_toml(*option);
  return result;
}

} // namespace waybill::app
