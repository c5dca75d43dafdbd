#include "app/commands/figures.hpp"

#include <algorithm>

#include <spdlog/fmt/fmt.h>

#include "app/commands/output.hpp"

namespace waybill::app {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

/// Returns a figure, which is missing until it has been counted.
uint64_t figure(const json& node, const std::string& name) {
  return node.value(name, uint64_t{0});
}

/// Returns the growth of a counter. It is smaller than before after a restart.
uint64_t growth(const json& now, const json& before, const std::string& name) {
  auto count = figure(now, name);
  auto earlier = figure(before, name);
  return count < earlier ? count : count - earlier;
}

/// Returns the number of pushes that a node answered between two samples.
uint64_t answers(const json& now, const json& before) {
  uint64_t result = 0;
  for (auto& [name, value] : now.items())
    if (name.starts_with("answers_"))
      result += growth(now, before, name);
  return result;
}

const json* find_node(const json& figures, const std::string& name) {
  for (auto& node : figures.at("nodes"))
    if (node.at("node") == name)
      return &node;
  return nullptr;
}

} // namespace

std::optional<double> push_quantile(double q, const json& now,
                                    const json& before) {
  constexpr unsigned limits[]
    = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000};
  auto total = growth(now, before, "received_count");
  if (total == 0)
    return std::nullopt;
  auto rank = q * static_cast<double>(total);
  double low = 0;
  double below = 0;
  for (auto limit : limits) {
    auto count = static_cast<double>(
      growth(now, before, fmt::format("received_in_{}ms", limit)));
    if (count > 0 && below + count >= rank)
      return low + (limit - low) * (rank - below) / count;
    below += count;
    low = limit;
  }
  return low;
}

ordered_json rates_of(const cluster_sample& now, const cluster_sample& before) {
  auto nodes = ordered_json::array();
  for (auto& node : now.figures.at("nodes")) {
    ordered_json row{{"node", node.at("node")},
                     {"version", node.value("version", "")}};
    for (auto name : {"sessions", "headroom", "queued_bytes"})
      row[name] = figure(node, name);
    auto earlier = find_node(before.figures, node.at("node"));
    auto seconds = now.time - before.time;
    if (earlier && seconds > 0) {
      row["pushes_per_second"]
        = static_cast<double>(answers(node, *earlier)) / seconds;
      row["deliveries_per_second"]
        = static_cast<double>(growth(node, *earlier, "deliveries")) / seconds;
      for (auto& [name, q] :
           {std::pair{"p50_ms", 0.5}, std::pair{"p99_ms", 0.99}})
        if (auto time = push_quantile(q, node, *earlier))
          row[name] = *time;
    }
    nodes.push_back(std::move(row));
  }
  return {{"nodes", std::move(nodes)}, {"unknown", now.figures.at("unknown")}};
}

std::vector<std::vector<std::string>> rows_of(const ordered_json& rates) {
  std::vector<std::vector<std::string>> result{
    {"NODE", "VERSION", "SESSIONS", "HEADROOM/S", "PUSHES/S", "DELIVERIES/S",
     "P50 MS", "P99 MS", "QUEUES"}};
  for (auto& node : rates.at("nodes")) {
    auto number = [&node](const char* name) {
      return node.contains(name)
               ? fmt::format("{:.1f}", node[name].get<double>())
               : "-";
    };
    result.push_back({node.at("node"), node.at("version"),
                      node.at("sessions").dump(), node.at("headroom").dump(),
                      number("pushes_per_second"),
                      number("deliveries_per_second"), number("p50_ms"),
                      number("p99_ms"), size_of(node.at("queued_bytes"))});
  }
  return result;
}

} // namespace waybill::app
