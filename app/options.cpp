#include "app/options.hpp"

#include <algorithm>
#include <cstdlib>
#include <thread>

#include <unistd.h>

#include <CLI/CLI.hpp>

namespace waybill::app {

namespace {

std::string host_name() {
  char buffer[256] = {};
  return gethostname(buffer, sizeof(buffer) - 1) == 0 ? buffer : "node";
}

/// Returns the name of the variable that stands for the option `name`.
std::string variable_of(const std::string& name) {
  std::string result = "WAYBILL_";
  for (char c : name)
    result += c == '-' ? '_' : static_cast<char>(std::toupper(c));
  return result;
}

/// Adds an argument for each option that a variable gives and no argument does.
/// CLI11 reads variables itself, but lets the file win over them.
void add_variables(const CLI::App& parser, std::vector<std::string>& arguments) {
  for (auto option : parser.get_options()) {
    if (option->get_lnames().empty())
      continue;
    auto flag = "--" + option->get_lnames()[0];
    auto value = std::getenv(variable_of(flag.substr(2)).c_str());
    auto is_given = [&](const std::string& x) {
      return x == flag || x.starts_with(flag + '=');
    };
    if (value && std::none_of(arguments.begin(), arguments.end(), is_given))
      arguments.push_back(flag + '=' + value);
  }
}

/// Turns the text of an option into its value.
template <class T>
using reader = std::optional<T> (*)(std::string_view);

/// Adds an option whose values `read` understands.
template <class T, class Target>
CLI::Option* add_parsed(CLI::App& parser, const std::string& name,
                        Target& target, reader<T> read, const char* problem,
                        const char* shown_default, const std::string& help) {
  return parser
    .add_option_function<std::vector<std::string>>(
      name,
      [&target, read](const std::vector<std::string>& texts) {
        if constexpr (std::is_same_v<Target, std::vector<T>>)
          target.clear();
        for (auto& text : texts) {
          if constexpr (std::is_same_v<Target, std::vector<T>>)
            target.push_back(*read(text));
          else
            target = *read(text);
        }
      },
      help)
    ->expected(std::is_same_v<Target, std::vector<T>> ? CLI::detail::expected_max_vector_size : 1)
    ->allow_extra_args(false)
    ->check([read, problem](const std::string& text) -> std::string {
      return read(text) ? "" : problem;
    })
    ->type_name("")
    ->default_str(shown_default);
}

std::optional<redis::server_url> read_redis(std::string_view text) {
  auto result = redis::server_url::parse(text);
  return result ? std::optional{*std::move(result)} : std::nullopt;
}

} // namespace

options::options()
    : node(host_name() + '-' + std::to_string(getpid())),
      threads(std::max(1u, std::thread::hardware_concurrency())) {
  // nop
}

std::variant<options, int> parse_options(std::vector<std::string> arguments) {
  options result;
  CLI::App parser{"Runs a node: WebSockets at /websocket/{id}, pushes at "
                  "POST /socket/{id}.",
                  "waybill serve"};
  parser.set_config("--config", "", "Read options from this TOML file");
  parser.allow_config_extras(CLI::config_extras_mode::error);
  parser.option_defaults()->always_capture_default();

  auto add_time = [&](const std::string& name, std::chrono::milliseconds& x,
                      const char* shown, const std::string& help) {
    add_parsed<std::chrono::milliseconds>(parser, name, x, &net::parse_duration,
                                          "write a duration such as 5s or 500ms",
                                          shown, help);
  };
  add_parsed<net::listen_address>(
    parser, "--listen", result.listen, &net::listen_address::parse,
    "write host:port", "127.0.0.1:8080",
    "Address for clients and pushers, any number of times; port 0 takes a "
    "free one");
  parser.add_flag("--insecure", result.insecure,
                  "Listen where others can connect, though nobody is asked who "
                  "they are");
  add_parsed<redis::server_url>(
    parser, "--redis", result.redis, &read_redis,
    "write redis://[user:password@]host:port[/db] or unix://path", "",
    "The Redis of the cluster; without one the node is alone");
  parser.add_option("--redis-channel", result.redis_channel,
                    "Channel on which programs publish {\"KEY\":…,\"VALUE\":…}");
  parser.add_option("--redis-prefix", result.redis_prefix,
                    "Stands before all other channels and keys");
  parser.add_option("--node", result.node,
                    "Name of this node, which no other may have");
  parser.add_option("--threads", result.threads, "Number of event loops")
    ->check(CLI::Range(1, 256));
  parser.add_option("--greeting", result.greeting,
                    "First text to each client; empty for none");
  parser
    .add_option("--upstream", result.upstream,
                "What becomes of messages from clients: log, echo, redis")
    ->transform(CLI::CheckedTransformer(std::map<std::string, upstream>{
      {"log", upstream::log}, {"echo", upstream::echo},
      {"redis", upstream::redis}}))
    ->type_name("")
    ->default_str("log");
  parser
    .add_option("--same-id", result.same_id,
                "What a second session of an id does to the first: all (both "
                "stay), newest-per-node (replaces it on its node)")
    ->transform(CLI::CheckedTransformer(std::map<std::string, same_id>{
      {"all", same_id::all}, {"newest-per-node", same_id::newest_per_node}}))
    ->type_name("")
    ->default_str("all");
  auto& connections = result.connections;
  auto& sockets = connections.websocket;
  add_time("--idle-timeout", sockets.idle_timeout, "60s",
           "Close a connection whose peer is silent for so long; a WebSocket is "
           "pinged at half of it");
  add_time("--head-timeout", connections.head_timeout, "10s",
           "Time to send a request, or to finish a handshake");
  add_time("--drain", result.drain, "10s",
           "Time over which sessions are closed when the node stops");
  parser
    .add_option("--max-message", sockets.max_message,
                "Largest message from a client")
    ->transform(CLI::AsSizeValue(false));
  parser
    .add_option("--max-body", connections.max_body,
                "Largest push, and at most --max-queue")
    ->transform(CLI::AsSizeValue(false));
  parser
    .add_option("--max-queue", result.max_queue,
                "Bytes that may wait for a client that reads slowly")
    ->transform(CLI::AsSizeValue(false));
  parser.add_flag("--compression", sockets.compression,
                  "Allow permessage-deflate to clients that offer it");
  parser.add_option("--log-level", result.log_level, "debug, info, warn, error")
    ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
    ->type_name("");
  parser
    .add_option_function<std::string>(
      "--log-format", [&](const std::string& x) { result.log_json = x == "json"; },
      "text, json")
    ->check(CLI::IsMember({"text", "json"}))
    ->type_name("")
    ->default_str("text");

  try {
    add_variables(parser, arguments);
    std::reverse(arguments.begin(), arguments.end());
    parser.parse(arguments);
  } catch (const CLI::ParseError& e) {
    return parser.exit(e) == 0 ? 0 : 2;
  }
  for (auto& where : result.listen)
    if (!where.is_loopback() && !result.insecure) {
      std::cerr << "waybill: others can connect to " << where.host
                << ", and nobody is asked who they are: add --insecure to serve "
                   "all the same\n";
      return 2;
    }
  if (result.upstream == upstream::redis && !result.redis) {
    std::cerr << "waybill: --upstream redis needs --redis\n";
    return 2;
  }
  if (!is_name(result.node)) {
    std::cerr << "waybill: --node is a name without slashes\n";
    return 2;
  }
  connections.idle_timeout = sockets.idle_timeout;
  sockets.handshake_timeout = connections.head_timeout;
  connections.max_body = std::min(connections.max_body, result.max_queue);
  return result;
}

} // namespace waybill::app
