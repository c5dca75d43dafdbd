#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace waybill::net {

/// Returns the segments of a path that a pattern leaves open; nothing if the
/// path does not match.
/// @param pattern such as `/socket/{id}`. A segment in braces is open; `{file}`
///                matches all but the empty one.
/// @param path the segments of the path, decoded.
std::optional<std::vector<std::string>>
match_path(std::string_view pattern, const std::vector<std::string>& path);

/// Returns whether a pattern has a segment that must satisfy `is_name`: `{id}`
/// or `{name}`.
bool has_name(std::string_view pattern);

} // namespace waybill::net
