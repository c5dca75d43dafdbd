#include "app/commands/mailbox.hpp"

#include <iostream>

#include <nlohmann/json.hpp>

#include "app/commands/output.hpp"
#include "app/options/cli.hpp"

namespace waybill::app {

namespace {

/// Describes a mailbox.
std::string describe_mailbox(const nlohmann::json& mailbox) {
  auto entries = mailbox.at("entries").get<uint64_t>();
  return entries == 0
           ? "nothing is kept"
           : count_of(entries, "push", "pushes") + " kept, the oldest for "
               + duration_of(mailbox.at("oldest"));
}

} // namespace

int run_mailbox(std::vector<std::string> arguments) {
  CLI::App parser{"Tells how many pushes are kept for an id until a client has "
                  "read them, or deletes them.",
                  "waybill mailbox"};
  node_access to;
  std::string id;
  auto purges = false;
  output_form form;
  parser.add_option("ID", id, "Id whose mailbox to look at")->required();
  parser.add_flag("--purge", purges, "Delete all that is kept");
  add_output(parser, form);
  add_access(parser, to, secret_kind::api_key,
             "API key with the scope presence, to delete with the scope kick");
  add_examples(parser, {"waybill mailbox 456", "waybill mailbox 456 --purge"});
  if (auto code = parse(parser, std::move(arguments)))
    return *code;
  if (auto code = open_access(parser, to))
    return *code;
  auto body = ask(
    to, {purges ? "DELETE" : "GET", "/socket/" + quote(id) + "/mailbox"}, form);
  if (body && form == output_form::text) {
    auto document = nlohmann::json::parse(*body);
    std::cout << visible(id) << ": "
              << (purges ? count_of(document.at("removed"), "push", "pushes")
                             + " deleted"
                         : describe_mailbox(document))
              << '\n';
  }
  return body ? 0 : 1;
}

} // namespace waybill::app
