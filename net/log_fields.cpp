#include "net/log_fields.hpp"

#include "net/quote.hpp"

namespace waybill::net {

namespace {

/// Encloses the fields. No line begins with it, and quoted values do not have
/// it.
constexpr char field_mark = '\x1f';

} // namespace

std::string log_fields(
  std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  std::string result{field_mark};
  for (auto& [name, value] : fields)
    if (!value.empty())
      result += ',' + quote(name) + ':' + quote(value);
  return result + field_mark;
}

log_line split_log_fields(std::string_view line) {
  if (!line.starts_with(field_mark))
    return {"", line};
  auto end = line.find(field_mark, 1);
  return {line.substr(1, end - 1), line.substr(end + 1)};
}

} // namespace waybill::net
