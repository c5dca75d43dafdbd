#include <iostream>
#include <string>
#include <variant>
#include <vector>

#include <spdlog/spdlog.h>

#include "app/bench.hpp"
#include "app/commands.hpp"
#include "app/log.hpp"
#include "app/node.hpp"
#include "app/shell.hpp"
#include "app/trace.hpp"
#include "app/version.hpp"

namespace {

constexpr auto usage = R"(Usage: waybill COMMAND [OPTION...]

Commands:
  serve           Runs a node
  check-config    Checks the options of serve, and the files that they name
  default-config  Prints a file with all options of serve
  push            Pushes a text or files
  listen          Prints what an id gets
  trace           Prints what became of the last pushes to an id
  bench           Measures a node or a cluster
  token           Makes a token for a client
  key             Makes a key for a pusher
  version         Prints the versions of Waybill and its libraries

Those with options explain them: waybill COMMAND --help.
)";

} // namespace

int main(int argc, char** argv) {
  using namespace waybill::app;
  std::vector<std::string> arguments{argv + 1, argv + argc};
  std::string command;
  if (!arguments.empty()) {
    command = std::move(arguments.front());
    arguments.erase(arguments.begin());
  }
  if (command == "token")
    return run_token(std::move(arguments));
  if (command == "key")
    return run_key(std::move(arguments));
  if (command == "push")
    return run_push(std::move(arguments));
  if (command == "listen")
    return run_listen(std::move(arguments));
  if (command == "trace")
    return run_trace(std::move(arguments));
  if (command == "bench")
    return run_bench(std::move(arguments));
  if (command == "default-config") {
    std::cout << default_config();
    return 0;
  }
  if (command == "serve" || command == "check-config") {
    auto parsed = parse_options(arguments);
    if (auto code = std::get_if<int>(&parsed))
      return *code;
    if (command == "check-config") {
      std::cout << "all options are good\n";
      return 0;
    }
    auto& config = std::get<options>(parsed);
    start_log(config.node, config.log_level, config.log_json);
    return run_node(config, arguments);
  }
  if (command == "version" || command == "--version") {
    std::cout << versions();
    return 0;
  }
  if (command == "--help" || command == "-h") {
    std::cout << usage;
    return 0;
  }
  std::cerr << usage;
  return 2;
}
