#include "app/commands/who.hpp"

#include <chrono>
#include <iostream>
#include <set>

#include <nlohmann/json.hpp>

#include "app/commands/output.hpp"
#include "app/options/cli.hpp"
#include "net/config.hpp"

namespace waybill::app {

namespace {

using nlohmann::json;

void print_presence(const std::string& id, const json& presence) {
  auto& sessions = presence.at("sessions");
  std::set<std::string> nodes;
  std::vector<std::vector<std::string>> rows{
    {"NODE", "PEER", "AGE", "QUEUE", "TRANSPORT", "TOPICS", "USER AGENT"}};
  for (auto& session : sessions) {
    nodes.insert(session.at("node"));
    // A node of an older release does not tell the last three.
    std::string topics;
    for (auto& topic : session.value("topics", std::vector<std::string>{}))
      topics += (topics.empty() ? "" : ",") + topic;
    rows.push_back(
      {session.at("node"), session.at("peer"), duration_of(session.at("age")),
       size_of(session.at("queue")), session.value("transport", ""), topics,
       session.value("user_agent", "")});
  }
  auto unknown = presence.at("unknown").get<uint64_t>();
  if (!sessions.empty())
    std::cout << visible(id)
              << " is online: " << count_of(sessions.size(), "session")
              << " on " << count_of(nodes.size(), "node") << '\n'
              << to_table(rows);
  else if (unknown == 0)
    std::cout << visible(id) << " is offline\n";
  if (unknown > 0)
    std::cout << count_of(unknown, "node")
              << " that may have sessions did not answer\n";
}

} // namespace

int run_who(std::vector<std::string> arguments) {
  CLI::App parser{"Tells whether an id is online, and lists its sessions.",
                  "waybill who"};
  node_access to;
  std::string id;
  std::chrono::milliseconds wait{5000};
  output_form form;
  parser.add_option("ID", id, "Id to look up")->required();
  add(parser, "--wait", wait, &net::parse_duration, duration_form, "5s",
      "Longest time to wait for the nodes");
  add_output(parser, form);
  add_access(parser, to, secret_kind::api_key,
             "API key with the scope presence");
  add_examples(parser, {"waybill who 456", "waybill who 456 --json"});
  if (auto code = parse(parser, std::move(arguments)))
    return *code;
  if (auto code = open_access(parser, to))
    return *code;
  auto target = "/socket/" + quote(id)
                + "?detail=1&wait=" + std::to_string(wait.count()) + "ms";
  auto body = ask(to, {"GET", target, wait}, form);
  if (!body)
    return 1;
  auto presence = json::parse(*body);
  if (form == output_form::text)
    print_presence(id, presence);
  return presence.at("sessions").empty() ? 1 : 0;
}

} // namespace waybill::app
