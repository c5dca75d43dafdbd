#include "app/commands/kick.hpp"

#include <iostream>

#include <nlohmann/json.hpp>

#include "app/commands/output.hpp"
#include "app/options/cli.hpp"

namespace waybill::app {

int run_kick(std::vector<std::string> arguments) {
  CLI::App parser{
    "Closes all sessions of an id, on all nodes, with 4500: their "
    "clients must not connect again by themselves.",
    "waybill kick"};
  node_access to;
  std::string id;
  std::string reason;
  output_form form;
  parser.add_option("ID", id, "Id whose sessions to close")->required();
  parser.add_option("--reason", reason,
                    "Reason that the clients read, up to 100 bytes");
  add_output(parser, form);
  add_access(parser, to, secret_kind::api_key, "API key with the scope kick");
  add_examples(
    parser, {"waybill kick 456", "waybill kick 456 --reason 'account closed'"});
  if (auto code = parse(parser, std::move(arguments)))
    return *code;
  if (auto code = open_access(parser, to))
    return *code;
  auto target = "/socket/" + quote(id);
  if (!reason.empty())
    target += "?reason=" + quote(reason);
  auto body = ask(to, {"DELETE", target}, form);
  if (body && form == output_form::text)
    std::cout << visible(id) << ": "
              << count_of(nlohmann::json::parse(*body).at("nodes"), "node")
              << " told to close its sessions\n";
  return body ? 0 : 1;
}

} // namespace waybill::app
