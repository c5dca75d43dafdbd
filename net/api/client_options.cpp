#include "net/api/client_options.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/core/text.hpp"

namespace waybill::net {

namespace {

/// Splits a list, and removes repeated names.
std::vector<std::string> split_topics(std::string_view list) {
  std::vector<std::string> result;
  for (size_t i = 0; i < list.size();) {
    auto end = std::min(list.find(',', i), list.size());
    std::string name{list.substr(i, end - i)};
    if (std::find(result.begin(), result.end(), name) == result.end())
      result.push_back(std::move(name));
    i = end + 1;
  }
  return result;
}

/// Returns the counter of a reason to come; nothing for an unknown one.
std::optional<metric> parse_via(std::string_view text) {
  if (text == "first")
    return metric::first_joins;
  if (text == "reconnect")
    return metric::reconnect_joins;
  if (text == "fallback")
    return metric::fallback_joins;
  return std::nullopt;
}

} // namespace

std::variant<client_request, response>
parse_client_options(const std::map<std::string, std::string>& query,
                     push_address address, size_t max_topics) {
  client_request result{std::move(address)};
  for (auto& [key, value] : query)
    if (key == "topics")
      result.topics = split_topics(value);
    else if (key == "token")
      result.token = value;
    else if (key == "via")
      result.via = parse_via(value);
  auto& topics = result.topics;
  if (topics.size() > max_topics)
    return bad_parameter("subscribe to at most " + std::to_string(max_topics)
                         + " topics");
  if (!std::all_of(topics.begin(), topics.end(), is_name))
    return bad_parameter("set topics to valid names, separated by commas");
  return result;
}

} // namespace waybill::net
