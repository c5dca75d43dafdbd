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

void topic_store::expire(time_point now) {
  for (auto i = topics_.begin(); i != topics_.end();) {
    std::erase_if(i->second, [now](auto& x) { return x.second <= now; });
    i = i->second.empty() ? topics_.erase(i) : std::next(i);
  }
}

} // namespace waybill
