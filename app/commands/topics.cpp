#include "app/commands/topics.hpp"

#include <chrono>
#include <iostream>

#include <nlohmann/json.hpp>

#include "app/commands/output.hpp"
#include "app/options/cli.hpp"
#include "net/api/push_options.hpp"
#include "net/config.hpp"

namespace waybill::app {

namespace {

/// The arguments of `waybill topics`.
struct topics_arguments {
  node_access to;
  output_form form = output_form::text;
  std::string id;
  std::string action;
  std::vector<std::string> names;
  std::chrono::milliseconds wait{5000};
  std::chrono::seconds ttl{0};
};

/// Changes one topic, and reports the answer.
/// @returns whether that succeeded.
bool change(const topics_arguments& from, const std::string& name) {
  auto adds = from.action == "add";
  auto target = "/socket/" + quote(from.id) + "/topics/" + quote(name)
                + "?wait=" + std::to_string(from.wait.count()) + "ms";
  if (from.ttl.count() > 0)
    target += "&ttl=" + std::to_string(from.ttl.count());
  auto body
    = ask(from.to, {adds ? "PUT" : "DELETE", target, from.wait}, from.form);
  if (body && from.form == output_form::text) {
    auto counts = nlohmann::json::parse(*body);
    std::cout << count_of(counts.at("sessions"), "session") << " of " << from.id
              << (adds ? " added to " : " removed from ") << name << '\n';
  }
  return body.has_value();
}

} // namespace

int run_topics(std::vector<std::string> arguments) {
  CLI::App parser{"Adds all sessions of an id to topics, or removes them, and "
                  "prints the answer for each topic.",
                  "waybill topics"};
  topics_arguments from;
  parser.add_option("ID", from.id, "Id whose sessions to change")->required();
  parser.add_option("ACTION", from.action, "add or remove")->required();
  parser.add_option("TOPIC", from.names, "Topics")->required();
  add(parser, "--ttl", from.ttl, &net::parse_ttl, ttl_form, "0",
      "Seconds for which later sessions are added, too");
  add(parser, "--wait", from.wait, &net::parse_duration, duration_form, "5s",
      "Longest time to wait for the nodes");
  add_output(parser, from.form);
  add_access(parser, from.to, secret_kind::api_key, "API key of the pusher");
  add_examples(parser, {"waybill topics 456 add news weather",
                        "waybill topics 456 add news --ttl 3600",
                        "waybill topics 456 remove news"});
  if (auto code = parse(parser, std::move(arguments)))
    return *code;
  if (from.action != "add" && from.action != "remove")
    return fail(2, "write add or remove, not '" + from.action + "'");
  if (from.action == "remove" && from.ttl.count() > 0)
    return fail(2, "use --ttl only to add topics");
  if (auto code = open_access(parser, from.to))
    return *code;
  auto all_good = true;
  for (auto& name : from.names)
    all_good = change(from, name) && all_good;
  return all_good ? 0 : 1;
}

} // namespace waybill::app
