#include "app/client/event_parser.hpp"

#include <charconv>
#include <utility>

namespace waybill::app {

std::vector<event_parser::event> event_parser::feed(std::string_view bytes) {
  std::vector<event> result;
  while (!bytes.empty()) {
    if (std::exchange(follows_cr_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    auto end = bytes.find_first_of("\r\n");
    line_ += bytes.substr(0, end);
    if (end == bytes.npos)
      break;
    follows_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    if (line_.empty())
      end_event(result);
    else
      parse_line(line_);
    line_.clear();
  }
  return result;
}

void event_parser::parse_line(std::string_view line) {
  auto colon = line.find(':');
  auto name = line.substr(0, colon);
  auto value = colon == line.npos ? std::string_view{} : line.substr(colon + 1);
  if (value.starts_with(' '))
    value.remove_prefix(1);
  if (name.empty()) {
    if (!value.empty())
      comment_ = value;
  } else if (name == "event") {
    event_.type = value;
  } else if (name == "data") {
    if (std::exchange(has_data_, true))
      event_.data += '\n';
    event_.data += value;
  } else if (name == "id") {
    if (value.find('\0') == value.npos)
      id_ = value;
  } else if (name == "retry") {
    std::chrono::milliseconds::rep count = 0;
    auto last = value.data() + value.size();
    auto [end, error] = std::from_chars(value.data(), last, count);
    if (error == std::errc{} && end == last && count >= 0)
      retry_ = std::chrono::milliseconds{count};
  }
}

void event_parser::end_event(std::vector<event>& to) {
  if (id_)
    last_id_ = *std::exchange(id_, std::nullopt);
  auto complete = std::exchange(event_, {});
  if (std::exchange(has_data_, false))
    to.push_back(std::move(complete));
}

} // namespace waybill::app
