#include "app/commands/bench.hpp"

#include <algorithm>
#include <csignal>
#include <initializer_list>
#include <iomanip>
#include <iostream>
#include <sstream>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "app/commands/measurement.hpp"
#include "app/options/cli.hpp"
#include "app/options/option_parsers.hpp"
#include "net/config.hpp"

namespace waybill::app {

namespace {

using nlohmann::ordered_json;

/// Tells whether a row of the table applies to a load.
bool belongs_to(workload load, const std::string& row) {
  auto is_one_of = [&row](std::initializer_list<const char*> rows) {
    return std::find(rows.begin(), rows.end(), row) != rows.end();
  };
  if (is_one_of({"visits_per_second", "visit_ms", "cpu_us_per_visit"}))
    return load == workload::connect;
  if (is_one_of({"answers", "pushes_per_second", "answer_ms", "arrivals",
                 "lost", "arrival_ms", "cpu_us_per_push"}))
    return load == workload::unicast || load == workload::broadcast;
  return true;
}

std::string to_cell(const ordered_json& value) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(value.is_number_float() ? 1 : 0);
  if (value.is_number_float())
    text << value.get<double>();
  else
    text << value;
  return text.str();
}

/// Prints the figures of a load as a table.
void print_figures(const ordered_json& figures, workload load) {
  for (auto& [name, value] : figures.items()) {
    if (!belongs_to(load, name))
      continue;
    std::cout << std::left << std::setw(21) << name << std::right;
    if (!value.is_object())
      std::cout << std::setw(10) << to_cell(value);
    else
      for (auto& [part, number] : value.items())
        std::cout << std::setw(10) << to_cell(number) << ' ' << part;
    std::cout << '\n';
  }
}

void declare(CLI::App& parser, bench_options& result) {
  add(
    parser, "--load", result.load, &read_workload,
    "unicast, broadcast, connect or idle", "unicast",
    "Load on the node: unicast (pushes to one id at a time), broadcast "
    "(pushes to everyone), connect (other sessions come and go), idle (none)");
  add(parser, "--sessions", result.sessions, &read_count,
      "a number from 1 to 1000000", "1000", "Number of sessions");
  add(parser, "--rate", result.rate, &read_limit, "a number from 0 to 1000000",
      "1000", "Pushes, or connects, a second; 0 for no limit");
  add(parser, "--pushers", result.pushers, &read_count,
      "a number from 1 to 1000000", "16",
      "Connections that push, or connect, at the same time");
  add(parser, "--time", result.time, &net::parse_duration, duration_form, "10s",
      "Duration of the load");
  add(parser, "--size", result.size, &read_size,
      "a number of bytes such as 100 or 1KiB", "100", "Bytes of each push");
  add(parser, "--receipt", result.receipt, &read_receipt, receipt_form,
      "routed", "Event that each answer waits for: routed, written, received");
  add(parser, "--process", result.process, &read_process,
      "the id of a process that runs here, or 0 for none", "0",
      "Process id of a node on this machine, to measure its CPU and memory; 0 "
      "for none");
  add_output(parser, result.form);
  add_access(parser, result.pushers_at, secret_kind::api_key,
             "API key of the pusher");
  add_examples(parser,
               {"waybill bench --sessions 1000 --rate 1000 --time 10s",
                "waybill bench --load broadcast --rate 10 --receipt written",
                "waybill bench --load connect --url http://10.0.0.10:8080"});
}

} // namespace

int run_bench(std::vector<std::string> arguments) {
  CLI::App parser{"Measures a node, or a cluster behind one address: connects "
                  "sessions, pushes to them, and counts what arrives when.",
                  "waybill bench"};
  bench_options config;
  declare(parser, config);
  if (auto code = parse(parser, std::move(arguments)))
    return *code;
  if (auto code = open_access(parser, config.pushers_at))
    return *code;
  config.clients_at = config.pushers_at;
  config.clients_at.secret.clear();
  boost::asio::io_context context{1};
  measurement measured{context, config};
  boost::asio::signal_set signals{context, SIGINT, SIGTERM};
  // A second signal ends the process.
  signals.async_wait([&](boost::system::error_code ec, int) {
    signals.clear();
    if (!ec)
      measured.stop();
  });
  boost::asio::co_spawn(
    context, measured.run(),
    [&context](const std::exception_ptr&) { context.stop(); });
  context.run();
  if (!measured.has_sessions())
    return fail(1, measured.failure().empty()
                     ? "stopped before a session opened"
                     : measured.failure());
  auto result = measured.result();
  if (config.form == output_form::json)
    std::cout << result.dump() << std::endl;
  else
    print_figures(result, config.load);
  auto code = result["lost"] == 0 && result["failed_sessions"] == 0 ? 0 : 1;
  for (auto& problem : {measured.refusal(), measured.failure()})
    if (!problem.empty())
      code = fail(1, problem);
  return code;
}

} // namespace waybill::app
