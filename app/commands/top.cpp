#include "app/commands/top.hpp"

#include <chrono>
#include <deque>
#include <iostream>
#include <thread>

#include <unistd.h>

#include "app/commands/figures.hpp"
#include "app/commands/output.hpp"
#include "app/options/cli.hpp"
#include "app/options/option_parsers.hpp"

namespace waybill::app {

namespace {

using std::chrono::steady_clock;

/// Nodes count pushes once a second: the rate of a shorter time would jump.
constexpr double rate_seconds = 10;

/// Prints a table, on a terminal in the place of the last one.
void print_table(const nlohmann::ordered_json& rates) {
  constexpr auto clear_screen = "\x1b[H\x1b[2J";
  if (isatty(STDOUT_FILENO))
    std::cout << clear_screen;
  std::cout << to_table(rows_of(rates));
  if (auto unknown = rates.at("unknown").get<uint64_t>(); unknown > 0)
    std::cout << count_of(unknown, "node") << " did not answer\n";
  std::cout << std::flush;
}

/// Samples a cluster each second, and prints its figures.
/// @param count the number of prints; 0 for no end.
/// @returns the exit code.
int watch(const node_access& to, output_form form, size_t count) {
  constexpr auto period = std::chrono::seconds{1};
  std::deque<cluster_sample> samples;
  auto due = steady_clock::now();
  for (size_t printed = 0; count == 0 || printed < count;) {
    // The answer itself is not the result.
    auto body
      = ask(to, {"GET", "/stats?cluster=1&wait=1s", period}, output_form::text);
    // A node that is away later may come back.
    if (!body && samples.empty())
      return 1;
    if (body) {
      std::chrono::duration<double> time
        = steady_clock::now().time_since_epoch();
      samples.push_back({time.count(), nlohmann::json::parse(*body)});
      while (samples.front().time < time.count() - rate_seconds)
        samples.pop_front();
      auto rates = rates_of(samples.back(), samples.front());
      if (form == output_form::json)
        print_line(rates.dump());
      else
        print_table(rates);
      ++printed;
    }
    due = std::max(due + period, steady_clock::now());
    if (printed != count || count == 0)
      std::this_thread::sleep_until(due);
  }
  return 0;
}

} // namespace

int run_top(std::vector<std::string> arguments) {
  CLI::App parser{"Prints the figures of all nodes each second: a table that "
                  "stays in its place on a terminal, a line of JSON in a pipe.",
                  "waybill top"};
  node_access to;
  size_t count = 0;
  output_form form;
  add(parser, "--count", count, &read_limit, "a number from 0 to 1000000", "0",
      "Tables at which to exit; 0 for no limit");
  add_output(parser, form);
  add_access(parser, to, secret_kind::api_key, "API key with the scope admin");
  add_examples(parser, {"waybill top", "waybill top --count 2 --json"});
  if (auto code = parse(parser, std::move(arguments)))
    return *code;
  if (auto code = open_access(parser, to))
    return *code;
  return watch(to, form, count);
}

} // namespace waybill::app
