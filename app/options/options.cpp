#include "app/options/options.hpp"

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <thread>
#include <variant>

#include <sys/resource.h>
#include <unistd.h>

#include "app/options/cli.hpp"
#include "app/options/declare_options.hpp"
#include "app/options/ports.hpp"

namespace waybill::app {

namespace {

/// Sessions that an event loop opens in a second, by default. They take a
/// fifth of its time.
constexpr size_t upgrades_per_loop = 1000;

std::string host_name() {
  char buffer[256] = {};
  return gethostname(buffer, sizeof(buffer) - 1) == 0 ? buffer : "node";
}

/// Returns the number of sessions that the descriptor limit allows. It leaves
/// one in ten for pushers, files and Redis.
size_t most_sessions() {
  constexpr rlim_t most = 1'000'000;
  rlimit descriptors{};
  if (getrlimit(RLIMIT_NOFILE, &descriptors) != 0)
    return most;
  return static_cast<size_t>(
    std::clamp<rlim_t>(descriptors.rlim_cur / 10 * 9, 1, most));
}

/// Returns the limits of an event loop for connections that are not upgraded.
/// In a reconnect storm, clients are such connections before they are sessions.
net::connection_limits open_limits(size_t threads) {
  auto descriptors = most_sessions() / 9 * 10;
  return {descriptors / 2 / threads + 1, descriptors / 4 / threads + 1};
}

/// Tells whether an option is repeatable.
bool is_list(const CLI::Option& option) {
  return option.get_items_expected_max() > 1;
}

/// Returns the environment variable of the option `name`.
std::string variable_of(const std::string& name) {
  std::string result = "WAYBILL_";
  for (char c : name)
    result += c == '-' ? '_' : static_cast<char>(std::toupper(c));
  return result;
}

/// Adds an argument for each option that is set by a variable and by no
/// argument. An empty variable is ignored; the variable of a list may hold
/// several values, separated by spaces. CLI11 also reads variables, but gives
/// precedence to the file.
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

/// Returns the rate limits of a client, whose bursts fit the largest message.
net::client_rates rates_of(const options& from) {
  constexpr double window = 10;
  auto frames = static_cast<double>(from.max_message_rate);
  auto bytes = static_cast<double>(from.max_byte_rate);
  auto largest = static_cast<double>(from.connections.websocket.max_message);
  return {{frames, window * frames},
          {bytes, std::max(window * bytes, 2 * largest)}};
}

/// Checks the options of a node that only watches the open channel.
/// @returns an error message, or nothing on success.
std::optional<std::string> check_shadow(const options& config) {
  if (!config.shadow)
    return std::nullopt;
  if (config.redis.empty())
    return "--shadow needs --redis";
  if (!config.redis.front().seeds.empty())
    return "--shadow cannot read the channel of a Redis Cluster";
  if (config.upstream == upstream::redis || config.upstream == upstream::stream)
    return "--shadow writes nothing to Redis: use --upstream log or echo";
  return std::nullopt;
}

/// Checks the options for Redis, and loads its CA certificates.
/// @returns an error message, or nothing on success.
std::optional<std::string> check_redis(options& config) {
  auto uses_tls = std::any_of(config.redis.begin(), config.redis.end(),
                              [](const redis::server_url& x) { return x.tls; });
  if (config.redis.size() > 1)
    return "--redis takes one URL: use a Redis Cluster "
           "(redis+cluster://host:port,…) instead of several servers";
  // Braces mark the slot of a key in a Redis Cluster.
  if (config.redis_prefix.find_first_of("{}") != std::string::npos)
    return "--redis-prefix must have no braces";
  if (config.redis.empty()) {
    if (config.upstream == upstream::redis)
      return "--upstream redis needs --redis";
    if (config.upstream == upstream::stream)
      return "--upstream stream needs --redis";
  }
  if (!config.redis_ca.empty() && !uses_tls)
    return "--redis-ca needs a --redis rediss://… or rediss+cluster://…";
  if (!uses_tls)
    return std::nullopt;
  auto trust = redis::make_trust(config.redis_ca);
  if (!trust)
    return "--redis-ca " + config.redis_ca + ": "
           + trust.error().context().get_as<std::string>(0);
  for (auto& url : config.redis) {
    url.trust = *trust;
    for (auto& seed : url.seeds)
      seed.trust = *trust;
  }
  return std::nullopt;
}

/// Loads the CA certificates for the collector of spans.
/// @returns an error message, or nothing on success.
std::optional<std::string> check_otlp(options& config) {
  if (!config.otlp || !config.otlp->server.tls)
    return std::nullopt;
  auto trust = redis::make_trust("");
  if (!trust)
    return "--otlp: " + trust.error().context().get_as<std::string>(0);
  config.otlp->trust = *trust;
  return std::nullopt;
}

/// Checks the combination of options, and reads the files that they name.
/// @returns the error messages, one a line; empty on success.
std::string check(options& config) {
  auto all = check_ports(config);
  if (auto wrong = check_access(config.access))
    all.push_back(*wrong);
  if (auto wrong = check_redis(config))
    all.push_back(*wrong);
  if (auto wrong = check_shadow(config))
    all.push_back(*wrong);
  if (auto wrong = check_otlp(config))
    all.push_back(*wrong);
  if (!is_name(config.node))
    all.emplace_back("--node must be a name without slashes");
  if (config.node.find_first_of("{}") != std::string::npos)
    all.emplace_back("--node must be a name without braces");
  if (!is_utf8(config.greeting))
    all.emplace_back("--greeting must be valid UTF-8");
  std::string result;
  for (auto& line : all)
    result += (result.empty() ? "" : "\n") + line;
  return result;
}

/// Returns the description of an option and its line in a TOML file. The line
/// is commented out if the default is empty or depends on the machine.
std::string to_toml(const CLI::Option& option, bool is_reloadable) {
  auto name = option.get_lnames()[0];
  auto value = option.get_default_str();
  auto is_number = !value.empty()
                   && std::all_of(value.begin(), value.end(),
                                  [](char c) { return c >= '0' && c <= '9'; });
  auto is_flag = option.get_items_expected_max() == 0;
  auto text = is_flag ? "false" : is_number ? value : '"' + value + '"';
  auto line = name + " = " + (is_list(option) ? '[' + text + ']' : text) + '\n';
  auto is_set = is_flag || !value.empty();
  auto hint = is_reloadable ? ". Takes effect on SIGHUP" : "";
  return wrap(option.get_description() + hint, "# ")
         + (is_set ? line : "# " + name + " =\n");
}

} // namespace

options::options()
    : node(host_name() + '-' + std::to_string(getpid())),
      threads(std::max(1u, std::thread::hardware_concurrency())) {
  limits.sessions.in_total = most_sessions();
}

std::variant<options, int> parse_options(std::vector<std::string> arguments,
                                         std::ostream& errors,
                                         const options* running) {
  options result;
  CLI::App parser{"Runs a node: WebSockets at /websocket/{id}, pushes at "
                  "POST /socket/{id}.",
                  "waybill serve"};
  add_examples(parser,
               {"waybill serve",
                "waybill serve --redis redis://127.0.0.1:6379 --node node1",
                "waybill serve --config /etc/waybill/waybill.toml"});
  declare_options(parser, result);
  add_variables(parser, arguments);
  if (auto code = parse(parser, std::move(arguments), errors))
    return *code;
  if (running) {
    result.listen = running->listen;
    result.admin_listen = running->admin_listen;
  }
  if (auto wrong = check(result); !wrong.empty())
    return fail(2, wrong, errors);
  for (auto option : parser.get_options())
    if (!option->get_lnames().empty())
      result.given[option->get_lnames()[0]] = option->results();
  auto& connections = result.connections;
  auto& sockets = connections.websocket;
  connections.idle_timeout = sockets.idle_timeout;
  connections.max_body = std::min(connections.max_body, result.max_queue);
  connections.max_request_memory = std::max<size_t>(
    result.max_request_memory / result.threads, connections.max_body);
  sockets.rates = rates_of(result);
  result.limits.sessions.in_total
    = std::min(result.limits.sessions.in_total, most_sessions());
  result.limits.sessions.per_second
    = result.max_upgrade_rate.value_or(upgrades_per_loop * result.threads);
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
      result
        += '\n'
           + to_toml(*option,
                     defaults.reloadable.contains(option->get_lnames()[0]));
  return result;
}

} // namespace waybill::app
