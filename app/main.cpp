#include <algorithm>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <spdlog/spdlog.h>

#include "app/commands/bench.hpp"
#include "app/commands/completion.hpp"
#include "app/commands/key.hpp"
#include "app/commands/kick.hpp"
#include "app/commands/listen.hpp"
#include "app/commands/mailbox.hpp"
#include "app/commands/output.hpp"
#include "app/commands/push.hpp"
#include "app/commands/status.hpp"
#include "app/commands/token.hpp"
#include "app/commands/top.hpp"
#include "app/commands/topics.hpp"
#include "app/commands/trace.hpp"
#include "app/commands/who.hpp"
#include "app/commands/why.hpp"
#include "app/log.hpp"
#include "app/node.hpp"
#include "app/options/cli.hpp"
#include "app/start.hpp"
#include "app/version.hpp"

namespace {

using namespace waybill::app;

int run_serve(std::vector<std::string> arguments) {
  auto parsed = parse_options(arguments);
  if (auto code = std::get_if<int>(&parsed))
    return *code;
  auto& config = std::get<options>(parsed);
  start_log(config.node, config.log_level, config.log_json);
  return run_node(config, arguments);
}

int run_check_config(std::vector<std::string> arguments) {
  auto parsed = parse_options(std::move(arguments));
  if (auto code = std::get_if<int>(&parsed))
    return *code;
  std::cout << "all options are valid\n";
  return 0;
}

int run_default_config(std::vector<std::string> arguments) {
  CLI::App parser{"Prints a file for serve --config: every option, its "
                  "description and its default.",
                  "waybill default-config"};
  add_examples(parser, {"waybill default-config > waybill.toml"});
  if (auto code = parse(parser, std::move(arguments)))
    return *code;
  std::cout << default_config();
  return 0;
}

int run_version(std::vector<std::string> arguments) {
  CLI::App parser{"Prints the versions of Waybill and its libraries, one per "
                  "line.",
                  "waybill version"};
  add_examples(parser, {"waybill version"});
  if (auto code = parse(parser, std::move(arguments)))
    return *code;
  std::cout << versions();
  return 0;
}

/// A command of `waybill`.
struct command {
  std::string_view name;
  std::string_view help;
  int (*run)(std::vector<std::string> arguments);
};

constexpr command commands[] = {
  {"serve", "Runs a node", &run_serve},
  {"check-config", "Checks the options of serve, and the files that they name",
   &run_check_config},
  {"default-config", "Prints a file with all options of serve",
   &run_default_config},
  {"push", "Pushes a text or files", &run_push},
  {"listen", "Prints the messages of an id", &run_listen},
  {"topics", "Adds the sessions of an id to topics, or removes them",
   &run_topics},
  {"who", "Tells whether an id is online, and lists its sessions", &run_who},
  {"why", "Explains why an id got its last pushes, or not", &run_why},
  {"trace", "Prints the trace of the last pushes to an id", &run_trace},
  {"mailbox", "Tells what is kept for an id, or deletes it", &run_mailbox},
  {"kick", "Closes all sessions of an id", &run_kick},
  {"status", "Tells whether a node and its cluster are healthy", &run_status},
  {"top", "Prints the figures of all nodes each second", &run_top},
  {"bench", "Measures a node or a cluster", &run_bench},
  {"token", "Creates a token for a client, or checks one", &run_token},
  {"key", "Creates, lists and revokes the API keys of pushers", &run_key},
  {"completion", "Prints the completion for a shell", &run_completion},
  {"version", "Prints the versions of Waybill and its libraries", &run_version},
};

void print_usage(std::ostream& out) {
  out << "Usage: waybill COMMAND [OPTION...]\n\nCommands:\n";
  for (auto& command : commands)
    out << "  " << std::left << std::setw(16) << command.name << command.help
        << '\n';
  out << "\nOptions:\n"
         "  -h,--help       Prints this help, like the command help\n"
         "  -V,--version    Prints the versions, like the command version\n"
         "\nRun waybill COMMAND --help for the options of a command.\n";
}

/// Reports an unknown command, and suggests the most similar one.
int refuse(const std::string& name) {
  std::vector<std::string> names{"help"};
  for (auto& command : commands)
    names.emplace_back(command.name);
  auto meant = nearest(names, name);
  std::cerr << "waybill: unknown command " << name
            << (meant ? "; did you mean " + *meant + '?' : "")
            << "\nRun waybill --help for a list of commands.\n";
  return 2;
}

} // namespace

int main(int argc, char** argv) {
  begin_start();
  std::vector<std::string> arguments{argv + 1, argv + argc};
  if (arguments.empty()) {
    print_usage(std::cerr);
    return 2;
  }
  auto take_first = [&arguments] {
    auto result = std::move(arguments.front());
    arguments.erase(arguments.begin());
    return result;
  };
  auto name = take_first();
  if (name == "help" && !arguments.empty()) {
    name = take_first();
    arguments.emplace_back("--help");
  }
  if (name == "help" || name == "--help" || name == "-h") {
    print_usage(std::cout);
    return 0;
  }
  if (name == "--version" || name == "-V")
    name = "version";
  auto found = std::find_if(std::begin(commands), std::end(commands),
                            [&name](auto& x) { return x.name == name; });
  return found == std::end(commands) ? refuse(name)
                                     : found->run(std::move(arguments));
}
