#include "actors/core/topic_store.hpp"

#include <iterator>

namespace waybill {

void topic_store::keep(const push_address& address, const std::string& topic,
                       time_point end) {
  topics_[address.key()][topic] = end;
}

void topic_store::remove(const push_address& address,
                         const std::string& topic) {
  if (auto found = topics_.find(address.key()); found != topics_.end())
    found->second.erase(topic);
}

kept_topics topic_store::topics_of(const push_address& address,
                                   time_point now) const {
  kept_topics result;
  auto found = topics_.find(address.key());
  if (found == topics_.end())
    return result;
  for (auto& [name, end] : found->second)
    if (now < end)
      result.push_back(
        {push_address::topic(name),
         std::chrono::ceil<std::chrono::milliseconds>(end - now)});
  return result;
}

void topic_store::keep_value(const push_address& topic, const push& value,
                             time_point now) {
  values_.insert_or_assign(topic.key(), std::pair{value, now + value.retain});
}

std::optional<push> topic_store::value_of(const push_address& topic,
                                          time_point now) const {
  auto found = values_.find(topic.key());
  if (found == values_.end() || found->second.second <= now)
    return std::nullopt;
  auto result = found->second.first;
  result.retain
    = std::chrono::ceil<std::chrono::milliseconds>(found->second.second - now);
  result.want = receipt_level::routed;
  result.reply_to.clear();
  return result;
}

void topic_store::expire(time_point now) {
  std::erase_if(values_, [now](auto& x) { return x.second.second <= now; });
  for (auto i = topics_.begin(); i != topics_.end();) {
    std::erase_if(i->second, [now](auto& x) { return x.second <= now; });
    i = i->second.empty() ? topics_.erase(i) : std::next(i);
  }
}

} // namespace waybill
