#include "app/commands/status.hpp"

#include <chrono>
#include <iostream>

#include <nlohmann/json.hpp>

#include "app/commands/output.hpp"
#include "app/options/cli.hpp"
#include "net/config.hpp"

namespace waybill::app {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using std::chrono::milliseconds;

/// Figures that tell the state of a node, in JSON.
constexpr auto figures
  = {"uptime_seconds", "sessions",       "max_sessions", "headroom",
     "queued_bytes",   "resident_bytes", "servers_away"};

/// Returns a figure for a table; `-` if the node, which may be of an older
/// release, does not tell it.
template <class Print>
std::string cell(const json& node, const char* name, Print print) {
  return node.contains(name) ? print(node[name]) : "-";
}

/// The state of a cluster, by what one of its nodes says.
class cluster_status {
public:
  cluster_status(const node_access& to, milliseconds wait)
      : to_(to), wait_(wait) {
    // nop
  }

  /// Asks the node.
  /// @throws api_error if it does not answer.
  void ask() {
    read_readiness(call(to_, {"GET", "/readyz"}));
    auto query = "?cluster=1&wait=" + std::to_string(wait_.count()) + "ms";
    read_nodes(call(to_, {"GET", "/stats" + query, wait_}));
  }

  bool is_healthy() const { return problems_.empty(); }

  ordered_json to_json() const {
    ordered_json result{
      {"healthy", is_healthy()}, {"ready", ready_}, {"problems", problems_}};
    result["nodes"] = ordered_json::array();
    for (auto& node : nodes_) {
      ordered_json row{{"node", node.at("node")},
                       {"version", node.value("version", "")}};
      for (auto name : figures)
        if (node.contains(name))
          row[name] = node[name];
      result["nodes"].push_back(std::move(row));
    }
    result["unknown"] = unknown_;
    return result;
  }

  void print() const {
    uint64_t sessions = 0;
    std::vector<std::vector<std::string>> rows{{"NODE", "VERSION", "UPTIME",
                                                "SESSIONS", "OF", "HEADROOM/S",
                                                "QUEUES", "MEMORY", "REDIS"}};
    auto number = [](const json& x) { return x.dump(); };
    auto duration = [](const json& x) { return duration_of(x); };
    auto size = [](const json& x) { return size_of(x); };
    for (auto& node : nodes_) {
      sessions += node.value("sessions", uint64_t{0});
      rows.push_back(
        {node.at("node"), node.value("version", ""),
         cell(node, "uptime_seconds", duration), cell(node, "sessions", number),
         cell(node, "max_sessions", number), cell(node, "headroom", number),
         cell(node, "queued_bytes", size), cell(node, "resident_bytes", size),
         cell(node, "servers_away",
              [](const json& x) { return x == 0 ? "ready" : "away"; })});
    }
    std::cout << to_.url.name() << (ready_ ? " is ready" : " is not ready");
    if (!nodes_.empty())
      std::cout << "; " << count_of(nodes_.size(), "node") << " with "
                << count_of(sessions, "session");
    std::cout << '\n';
    for (auto& problem : problems_)
      std::cout << "problem: " << visible(problem) << '\n';
    if (!nodes_.empty())
      std::cout << to_table(rows);
  }

private:
  void read_readiness(const api_answer& answer) {
    ready_ = answer.is_success();
    if (!ready_)
      return problems_.push_back("the node is not ready: " + answer.failure());
    auto document = json::parse(answer.body, nullptr, false);
    if (document.is_object() && document.contains("impaired"))
      problems_.push_back("Redis fails in part: "
                          + document["impaired"].get<std::string>());
  }

  void read_nodes(const api_answer& answer) {
    auto document = json::parse(answer.body, nullptr, false);
    if (!answer.is_success() || !document.is_object())
      return problems_.push_back("the figures of the nodes are not known: "
                                 + answer.failure());
    nodes_ = document.at("nodes");
    unknown_ = document.at("unknown");
    if (unknown_ > 0)
      problems_.push_back(count_of(unknown_, "node") + " did not answer");
    for (auto& node : nodes_)
      if (node.value("servers_away", uint64_t{0}) > 0)
        problems_.push_back(node.at("node").get<std::string>()
                            + " cannot use Redis");
  }

  const node_access& to_;
  const milliseconds wait_;
  bool ready_ = false;
  std::vector<std::string> problems_;
  std::vector<json> nodes_;
  uint64_t unknown_ = 0;
};

} // namespace

int run_status(std::vector<std::string> arguments) {
  CLI::App parser{"Tells whether a node and its cluster are healthy: whether "
                  "it is ready, its Redis, and the sessions of all nodes.",
                  "waybill status"};
  node_access to;
  milliseconds wait{5000};
  output_form form;
  add(parser, "--wait", wait, &net::parse_duration, duration_form, "5s",
      "Longest time to wait for the nodes");
  add_output(parser, form);
  add_access(parser, to, secret_kind::api_key, "API key with the scope admin");
  add_examples(parser, {"waybill status",
                        "waybill status --url http://10.0.0.10:8080 --json"});
  if (auto code = parse(parser, std::move(arguments)))
    return *code;
  if (auto code = open_access(parser, to))
    return *code;
  cluster_status status{to, wait};
  try {
    status.ask();
  } catch (const api_error& e) {
    return fail(1, e.what());
  }
  if (form == output_form::json)
    print_line(status.to_json().dump());
  else
    status.print();
  return status.is_healthy() ? 0 : 1;
}

} // namespace waybill::app
