#include "app/commands/topics.hpp"

#include <chrono>

#include "app/client/client.hpp"
#include "app/options/cli.hpp"
#include "net/api/push_options.hpp"
#include "net/config.hpp"

namespace waybill::app {

int run_topics(std::vector<std::string> arguments) {
  CLI::App parser{"Adds all sessions of an id to topics, or removes them, and "
                  "prints the answer for each topic.",
                  "waybill topics"};
  node_access to;
  std::string id, action;
  std::vector<std::string> names;
  std::chrono::milliseconds wait{5000};
  std::chrono::seconds ttl{0};
  parser.add_option("ID", id, "Id whose sessions to change")->required();
  parser.add_option("ACTION", action, "add or remove")->required();
  parser.add_option("TOPIC", names, "Topics")->required();
  add(parser, "--ttl", ttl, &net::parse_ttl, ttl_form, "0",
      "Seconds for which later sessions are added, too");
  add(parser, "--wait", wait, &net::parse_duration, duration_form, "5s",
      "Longest time to wait for the nodes");
  add_access(parser, to, "--api-key", "WAYBILL_API_KEY",
             "API key of the pusher");
  if (auto code = parse(parser, std::move(arguments)))
    return *code;
  if (action != "add" && action != "remove")
    return fail(2, "write add or remove, not '" + action + "'");
  if (action == "remove" && ttl.count() > 0)
    return fail(2, "use --ttl only to add topics");
  if (auto code = open_access(to))
    return *code;
  auto query = "?wait=" + std::to_string(wait.count()) + "ms";
  if (ttl.count() > 0)
    query += "&ttl=" + std::to_string(ttl.count());
  namespace http = boost::beast::http;
  auto method = action == "add" ? http::verb::put : http::verb::delete_;
  auto good = true;
  for (auto& name : names)
    good &= print_response(
      to,
      make_request(to, method,
                   "/socket/" + quote(id) + "/topics/" + quote(name) + query),
      wait);
  return good ? 0 : 1;
}

} // namespace waybill::app
