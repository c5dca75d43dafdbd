#include "redis/names.hpp"

namespace waybill::redis {

std::string names::channel_of_node(std::string_view node) const {
  return tagged("", "node:" + std::string{node});
}

std::string names::once_of(const push_address& address,
                           std::string_view key) const {
  auto result = tagged("once:", address.key());
  result += ':';
  result += key;
  return result;
}

std::string names::tagged(std::string_view kind, std::string_view tag) const {
  std::string result;
  result.reserve(prefix_.size() + kind.size() + tag.size() + 3);
  result += prefix_;
  result += ':';
  result += kind;
  result += '{';
  result += tag;
  result += '}';
  return result;
}

} // namespace waybill::redis
