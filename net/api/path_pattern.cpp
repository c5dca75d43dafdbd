#include "net/api/path_pattern.hpp"

#include <algorithm>

namespace waybill::net {

namespace {

/// Removes the first segment of a path, and returns it without its slash.
std::string_view take_segment(std::string_view& path) {
  auto end = std::min(path.find('/', 1), path.size());
  auto result = path.substr(1, end - 1);
  path.remove_prefix(end);
  return result;
}

} // namespace

std::optional<std::vector<std::string>>
match_path(std::string_view pattern, const std::vector<std::string>& path) {
  std::vector<std::string> result;
  for (auto& segment : path) {
    if (pattern.empty())
      return std::nullopt;
    auto expected = take_segment(pattern);
    auto is_open = expected.starts_with('{');
    if (is_open ? expected == "{file}" && segment.empty() : segment != expected)
      return std::nullopt;
    if (is_open)
      result.push_back(segment);
  }
  return pattern.empty() && !path.empty() ? std::optional{result}
                                          : std::nullopt;
}

bool has_name(std::string_view pattern) {
  return pattern.find("{id}") != pattern.npos
         || pattern.find("{name}") != pattern.npos;
}

} // namespace waybill::net
