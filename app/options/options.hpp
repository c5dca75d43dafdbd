#pragma once

#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "actors/registry.hpp"
#include "actors/session.hpp"
#include "app/options/access.hpp"
#include "net/config.hpp"
#include "net/server/tls.hpp"
#include "redis/url.hpp"

namespace waybill::app {

/// Destination of messages from clients.
enum class upstream { log, echo, redis };

/// TLS of some ports: its files, and the certificate loaded from them.
struct tls_option {
  net::tls_files files;
  net::tls_ptr loaded = nullptr;
};

/// The options of `waybill serve`; see `waybill serve --help`.
struct options {
  std::vector<net::listen_address> listen = {{"127.0.0.1", "8080"}};
  std::vector<net::listen_address> admin_listen;
  tls_option tls;
  tls_option admin_tls;
  bool insecure = false;
  std::vector<redis::server_url> redis;
  std::string redis_ca;
  std::string redis_channel = "waybill";
  std::string redis_prefix = "waybill";
  size_t redis_replicas = 0;
  std::string node;
  size_t threads;
  std::string greeting = "连接成功!";
  app::upstream upstream = app::upstream::log;
  waybill::same_id same_id = waybill::same_id::all;
  std::chrono::milliseconds drain{10'000};
  size_t max_queue = 1 << 20;
  size_t max_queue_frames = 1 << 16;
  slow_consumer when_slow = slow_consumer::close;
  node_limits limits;
  size_t max_topics = 100;
  size_t max_message_rate = 100;
  size_t max_byte_rate = 1 << 20;
  uint64_t max_request_memory = 64 << 20;
  size_t mailbox_limit = 1000;
  net::connection_config connections;
  access_options access;
  std::string log_level = "info";
  bool log_json = false;

  /// Values given for each option, by its name; empty for a default.
  std::map<std::string, std::vector<std::string>> given;

  /// Sets the defaults; name, threads and sessions depend on the machine.
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
