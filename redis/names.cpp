#include "redis/names.hpp"

namespace waybill::redis {

void names::set_slots(const slot_set& slots) {
  slots_ = slots;
  node_channels_.clear();
  auto nodes = push_address::nodes().key();
  nodes_ = tagged("", slots_.test(key_slot(nodes)) ? nodes : numbered(nodes));
  unused_number_ = 0;
  change_unused_address();
}

void names::change_unused_address() {
  if (slots_.none())
    return;
  auto tag = numbered("id:/", unused_number_);
  unused_number_ = std::stoul(tag.substr(tag.rfind(':') + 1)) + 1;
  unused_ = push_address::from_key(tag);
}

std::string names::numbered(const std::string& tag, size_t first) const {
  for (auto i = first;; ++i)
    if (auto result = tag + ':' + std::to_string(i);
        slots_.test(key_slot(result)))
      return result;
}

std::string names::channel_of_node(const std::string& node) const {
  auto tag = "node:" + node;
  if (slots_.none())
    return tagged("", tag);
  auto& result = node_channels_[node];
  if (result.empty())
    result = tagged("", numbered(tag));
  return result;
}

bool names::is_channel_of_node(std::string_view channel) const noexcept {
  return channel.starts_with(prefix_)
         && channel.substr(prefix_.size()).starts_with(":{node:");
}

bool names::is_channel_of_nodes(std::string_view channel) const noexcept {
  return channel.starts_with(prefix_)
         && channel.substr(prefix_.size()).starts_with(":{nodes");
}

std::string names::once_of(const push_address& address,
                           std::string_view key) const {
  return tagged("once:", address.key(), key);
}

std::string names::collapse_of(const push_address& address,
                               std::string_view collapse) const {
  return tagged("collapse:", address.key(), collapse);
}

std::string names::tagged(std::string_view kind, std::string_view tag,
                          std::string_view key) const {
  auto result = tagged(kind, tag);
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
