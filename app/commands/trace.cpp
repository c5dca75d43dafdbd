#include "app/commands/trace.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <utility>

#include <nlohmann/json.hpp>
#include <spdlog/fmt/fmt.h>

#include "app/commands/output.hpp"
#include "app/options/cli.hpp"
#include "net/config.hpp"

namespace waybill::app {

namespace {

using nlohmann::json;

/// Describes a trace event.
std::string describe_event(const json& event) {
  auto type = event.at("hop").get<std::string>();
  if (type == "taken")
    return "taken: " + count_of(event.at("bytes"), "byte") + ", receipt "
           + event.at("receipt").get<std::string>();
  if (type == "answered")
    return "answered with " + event.at("status").dump();
  if (type == "delivered")
    return "delivered to " + count_of(event.at("sessions"), "session");
  if (type == "forgotten")
    return "forgot older events";
  if (type == "left")
    return "left: " + event.at("why").get<std::string>();
  return type;
}

/// Returns `word` and the peer of a trace event; empty without a peer.
std::string peer_of(const json& event, const std::string& word) {
  return event.contains("peer") ? word + event.at("peer").get<std::string>()
                                : "";
}

/// Returns the paragraphs of the output with their times, in that order.
std::vector<std::pair<std::string, std::string>> paragraphs(const json& trace) {
  std::vector<std::pair<std::string, std::string>> result;
  for (auto& push : trace.at("pushes")) {
    auto text = push.value("push", "a push without a name") + '\n';
    for (auto& event : push.at("hops"))
      text += fmt::format(
        "{:>12} us  {:<10}  {}{}\n", event.at("after").get<int64_t>(),
        event.at("node").get<std::string>(), describe_event(event),
        peer_of(event, ", session of "));
    result.emplace_back(push.at("at"), std::move(text));
  }
  for (auto& event : trace.at("sessions"))
    result.emplace_back(event.at("at"), "session" + peer_of(event, " of ")
                                          + " at "
                                          + event.at("node").get<std::string>()
                                          + ' ' + describe_event(event) + '\n');
  // Timestamps of one format sort as texts.
  std::stable_sort(result.begin(), result.end(),
                   [](auto& x, auto& y) { return x.first < y.first; });
  return result;
}

void print_trace(const json& trace) {
  auto all = paragraphs(trace);
  for (auto& [at, text] : all)
    std::cout << at << "  " << text;
  if (all.empty())
    std::cout << "the nodes have no trace of this id\n";
  if (trace.at("unknown") != 0)
    std::cout << count_of(trace.at("unknown"), "node") << " did not answer\n";
}

} // namespace

int run_trace(std::vector<std::string> arguments) {
  CLI::App parser{"Prints the trace events of the last pushes to an id and of "
                  "its sessions.",
                  "waybill trace"};
  node_access to;
  std::string id;
  std::chrono::milliseconds wait{5000};
  output_form form;
  parser.add_option("ID", id, "Id to trace")->required();
  add(parser, "--wait", wait, &net::parse_duration, duration_form, "5s",
      "Longest time to wait for the nodes");
  add_output(parser, form);
  add_access(parser, to, secret_kind::api_key,
             "API key with the scope presence");
  add_examples(parser, {"waybill trace 456", "waybill trace 456 --json"});
  if (auto code = parse(parser, std::move(arguments)))
    return *code;
  if (auto code = open_access(parser, to))
    return *code;
  auto target
    = "/trace/" + quote(id) + "?wait=" + std::to_string(wait.count()) + "ms";
  auto body = ask(to, {"GET", target, wait}, form);
  if (body && form == output_form::text)
    print_trace(json::parse(*body));
  return body ? 0 : 1;
}

} // namespace waybill::app
