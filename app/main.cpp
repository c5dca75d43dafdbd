#include <iostream>
#include <string>
#include <variant>
#include <vector>

#include <spdlog/spdlog.h>

#include "app/log.hpp"
#include "app/node.hpp"

namespace {

constexpr auto usage = R"(Usage: waybill COMMAND [OPTION...]

Commands:
  serve    Runs a node; see waybill serve --help
  version  Prints the version
)";

} // namespace

int main(int argc, char** argv) {
  using namespace waybill::app;
  std::vector<std::string> arguments{argv + 1, argv + argc};
  std::string command = arguments.empty() ? "" : arguments[0];
  if (command == "serve") {
    arguments.erase(arguments.begin());
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
