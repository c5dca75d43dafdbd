#include "app/commands/why.hpp"

#include <chrono>
#include <iostream>

#include <nlohmann/json.hpp>

#include "app/commands/output.hpp"
#include "app/options/cli.hpp"
#include "net/config.hpp"

namespace waybill::app {

int run_why(std::vector<std::string> arguments) {
  CLI::App parser{"Explains in sentences why an id got its last pushes, or "
                  "not: from its presence, its trace and its mailbox.",
                  "waybill why"};
  node_access to;
  std::string id;
  std::string push;
  std::chrono::milliseconds wait{5000};
  output_form form;
  parser.add_option("ID", id, "Id to explain")->required();
  parser.add_option("--push", push, "Name of the only push to explain");
  add(parser, "--wait", wait, &net::parse_duration, duration_form, "5s",
      "Longest time to wait for the nodes");
  add_output(parser, form);
  add_access(parser, to, secret_kind::api_key,
             "API key with the scope presence");
  add_examples(parser,
               {"waybill why 456", "waybill why 456 --push node1-abc-7"});
  if (auto code = parse(parser, std::move(arguments)))
    return *code;
  if (auto code = open_access(parser, to))
    return *code;
  auto target
    = "/why/" + quote(id) + "?wait=" + std::to_string(wait.count()) + "ms";
  if (!push.empty())
    target += "&push=" + quote(push);
  auto body = ask(to, {"GET", target, wait}, form);
  if (!body)
    return 1;
  if (form == output_form::json)
    return 0;
  auto explanation = nlohmann::json::parse(*body);
  for (auto& sentence : explanation.at("sentences"))
    std::cout << visible(sentence.get<std::string>()) << '\n';
  return 0;
}

} // namespace waybill::app
