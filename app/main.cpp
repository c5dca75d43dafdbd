#include <iostream>
#include <string>
#include <variant>
#include <vector>

#include <spdlog/spdlog.h>

#include "app/commands.hpp"
#include "app/log.hpp"
#include "app/node.hpp"

namespace {

constexpr auto usage = R"(Usage: waybill COMMAND [OPTION...]

Commands:
  serve    Runs a node
  token    Makes a token for a client
  key      Makes a key for a pusher
  version  Prints the version

Each but the last explains itself: waybill COMMAND --help.
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
  if (command == "serve") {
    auto parsed = parse_options(std::move(arguments));
    if (auto code = std::get_if<int>(&parsed))
      return *code;
    auto& config = std::get<options>(parsed);
    start_log(config.log_level, config.log_json);
    return run_node(config);
  }
  if (command == "version" || command == "--version") {
    std::cout << "waybill " << WAYBILL_VERSION << '\n';
    return 0;
  }
  if (command == "--help" || command == "-h") {
    std::cout << usage;
    return 0;
  }
  std::cerr << usage;
  return 2;
}
