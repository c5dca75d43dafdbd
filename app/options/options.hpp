#pragma once

#include <iostream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "actors/registry.hpp"
#include "actors/session.hpp"
#include "app/options/access.hpp"
#include "app/options/otlp_url.hpp"
#include "net/config.hpp"
#include "net/server/tls.hpp"
#include "redis/url.hpp"

namespace waybill::app {

/// Destination of messages from clients.
enum class upstream { log, echo, redis, stream };

/// A text of a client, and its answer.
struct heartbeat {
  std::string text;
  std::string answer;
};

/// TLS of some ports: its files, and the certificate loaded from them.
struct tls_option {
  net::tls_files files;
  net::tls_ptr loaded = nullptr;
};

/// The options of `waybill serve`; see `waybill serve --help`. Most defaults
/// are those that `declare_options` sets.
struct options {
  std::vector<net::listen_address> listen;
  std::vector<net::listen_address> admin_listen;
  tls_option tls;
  tls_option admin_tls;
  bool insecure = false;

  /// At most one.
  std::vector<redis::server_url> redis;
  std::string redis_ca;
  std::string redis_channel = "waybill";
  std::string redis_prefix = "waybill";
  size_t redis_replicas;

  /// Set if the node only watches the open channel.
  bool shadow = false;
  std::string node;
  size_t threads;
  std::string greeting = "连接成功!";
  std::vector<heartbeat> heartbeats;
  app::upstream upstream;
  waybill::same_id same_id;
  std::chrono::milliseconds drain;
  size_t max_queue;
  size_t max_queue_frames;
  slow_consumer when_slow;
  node_limits limits;
  size_t max_topics;

  /// Nothing for 1000 a thread.
  std::optional<size_t> max_upgrade_rate;
  size_t max_message_rate;
  size_t max_byte_rate;
  uint64_t max_request_memory;
  size_t mailbox_limit;
  size_t upstream_limit;
  net::connection_config connections;
  access_options access;

  /// The collector of spans; without one they are not exported.
  std::optional<otlp_url> otlp;
  std::string log_level;
  bool log_json;

  /// Values given for each option, by its name; empty for a default.
  std::map<std::string, std::vector<std::string>> given;

  /// Names of the options that take effect on SIGHUP.
  std::set<std::string> reloadable;

  /// Sets the defaults that depend on the machine: name, threads and sessions.
  options();
};

/// Reads the options of `waybill serve` from its arguments, else from variables
/// (`WAYBILL_LOG_LEVEL` for `--log-level`), else from the file `--config`.
/// Prints an error, or the help if the arguments contain --help.
/// @param running the options of a running node, whose ports stay open: the
///                authentication of those is checked.
/// @returns the options, or an exit code: 0 after help, 2 after an error.
std::variant<options, int> parse_options(std::vector<std::string> arguments,
                                         std::ostream& errors = std::cerr,
                                         const options* running = nullptr);

/// Returns a TOML file with every option of `waybill serve`, its description
/// and its default.
std::string default_config();

} // namespace waybill::app
