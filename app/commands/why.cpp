#include "app/commands/why.hpp"

#include <chrono>
#include <iostream>

#include <nlohmann/json.hpp>

#include "app/commands/explanation.hpp"
#include "app/commands/output.hpp"
#include "app/options/cli.hpp"
#include "net/config.hpp"

namespace waybill::app {

namespace {

using nlohmann::json;

/// The arguments of `waybill why`.
struct why_arguments {
  node_access to;
  std::string id;
  std::string push;
  std::chrono::milliseconds wait{5000};
  output_form form = output_form::text;
};

/// Asks a node for all that is known of an id.
/// @returns nothing if an answer is missing.
std::optional<id_facts> ask_facts(const why_arguments& from) {
  auto path = "/socket/" + quote(from.id);
  auto wait = "wait=" + std::to_string(from.wait.count()) + "ms";
  id_facts result{from.id, {}, {}, {}, {}};
  for (auto& [target, document] :
       {std::pair{path + "?detail=1&" + wait, &result.presence},
        std::pair{"/trace/" + quote(from.id) + '?' + wait, &result.trace},
        std::pair{path + "/mailbox", &result.mailbox}}) {
    // The answers themselves are not the result.
    auto body = ask(from.to, {"GET", target, from.wait}, output_form::text);
    if (!body)
      return std::nullopt;
    *document = json::parse(*body);
  }
  result.today = time_of(std::chrono::system_clock::now()).substr(0, 10);
  return result;
}

void print_facts(const id_facts& facts, const why_arguments& from) {
  auto sentences = explain(facts, from.push);
  if (from.form == output_form::text) {
    for (auto& sentence : sentences)
      std::cout << visible(sentence) << '\n';
    return;
  }
  auto outcomes = nlohmann::ordered_json::object();
  for (auto& push : facts.trace.at("pushes"))
    if (auto name = push.value("push", "");
        !name.empty() && (from.push.empty() || from.push == name))
      outcomes[name] = to_string(outcome_of(push));
  print_line(nlohmann::ordered_json{
    {"id", facts.id}, {"outcomes", outcomes}, {"sentences", sentences}}
               .dump());
}

} // namespace

int run_why(std::vector<std::string> arguments) {
  CLI::App parser{"Explains in sentences why an id got its last pushes, or "
                  "not: from its presence, its trace and its mailbox.",
                  "waybill why"};
  why_arguments from;
  parser.add_option("ID", from.id, "Id to explain")->required();
  parser.add_option("--push", from.push, "Name of the only push to explain");
  add(parser, "--wait", from.wait, &net::parse_duration, duration_form, "5s",
      "Longest time to wait for the nodes, for each of three questions");
  add_output(parser, from.form);
  add_access(parser, from.to, secret_kind::api_key,
             "API key with the scope presence");
  add_examples(parser,
               {"waybill why 456", "waybill why 456 --push node1-abc-7"});
  if (auto code = parse(parser, std::move(arguments)))
    return *code;
  if (auto code = open_access(parser, from.to))
    return *code;
  auto facts = ask_facts(from);
  if (!facts)
    return 1;
  print_facts(*facts, from);
  return 0;
}

} // namespace waybill::app
