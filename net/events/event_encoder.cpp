#include "net/events/event_encoder.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "net/base64.hpp"

namespace waybill::net {

event_encoder::event_encoder(const std::string& type, const std::string& id,
                             payload data)
    : data_(std::move(data)) {
  if (data_.type() == payload::format::binary)
    fields_ = "event: binary\n";
  else if (!type.empty())
    fields_ = "event: " + type + '\n';
  if (!id.empty())
    fields_ += "id: " + id + '\n';
  fields_ += "data: ";
}

std::string event_encoder::next(size_t size) {
  auto result = std::exchange(fields_, {});
  if (data_.type() == payload::format::text)
    append_text(result, size);
  else
    append_base64(result, size);
  is_done_ = position_ == data_.size();
  if (is_done_)
    result += "\n\n";
  return result;
}

void event_encoder::append_text(std::string& to, size_t size) {
  do {
    auto rest = data_.bytes().substr(position_);
    auto line = rest.substr(0, rest.find_first_of("\r\n"));
    auto room = std::max<size_t>(size - std::min(size, to.size()), 1);
    if (line.size() > room) {
      to += line.substr(0, room);
      position_ += room;
      return;
    }
    to += line;
    position_ += line.size();
    rest.remove_prefix(line.size());
    if (rest.empty())
      return;
    position_ += rest.starts_with("\r\n") ? 2 : 1;
    to += "\ndata: ";
  } while (to.size() < size);
}

void event_encoder::append_base64(std::string& to, size_t size) {
  // Only the last part may need padding: four digits encode three bytes.
  auto groups = std::max<size_t>((size - std::min(size, to.size())) / 4, 1);
  auto part = data_.bytes().substr(position_, 3 * groups);
  to += to_base64(part);
  position_ += part.size();
}

} // namespace waybill::net
