#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace waybill::net {

/// Returns a prefix for a line of the log: members that the line has in the
/// JSON format, besides its message. The text format omits it.
/// @param fields names and values; those without a value are omitted.
std::string log_fields(
  std::initializer_list<std::pair<std::string_view, std::string_view>> fields);

/// A line of the log in two parts.
struct log_line {
  /// Members of a JSON object, each behind a comma; empty for none.
  std::string_view fields;
  std::string_view message;
};

/// Separates the prefix of a line from the rest.
log_line split_log_fields(std::string_view line);

} // namespace waybill::net
