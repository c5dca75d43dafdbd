#include "actors/core/trace.hpp"

#include <algorithm>
#include <utility>

namespace waybill {

void trace::add(trace_event event) {
  auto [i, is_new] = entries_.try_emplace(event.id);
  auto& [last, oldest, position] = i->second;
  if (is_new)
    position = touched_.insert(touched_.begin(), event.id);
  else
    touched_.splice(touched_.begin(), touched_, position);
  if (last.size() == max_events_of_id_) {
    last[oldest++ % max_events_of_id_] = std::move(event);
    return;
  }
  last.push_back(std::move(event));
  ++size_;
  while (size_ > max_events_) {
    auto stalest = entries_.find(touched_.back());
    size_ -= stalest->second.last.size();
    entries_.erase(stalest);
    touched_.pop_back();
  }
}

trace_events trace::of(const std::string& id, trace_events more) const {
  auto result = std::move(more);
  if (auto i = entries_.find(id); i != entries_.end())
    result.insert(result.end(), i->second.last.begin(), i->second.last.end());
  std::stable_sort(
    result.begin(), result.end(),
    [](const trace_event& x, const trace_event& y) { return x.at < y.at; });
  std::unordered_map<uint64_t, std::string> names;
  for (auto& event : result)
    if (event.type == trace_event::kind::delivered)
      names.emplace(event.delivery, event.push);
  for (auto& event : result)
    if (event.delivery != 0 && event.push.empty())
      if (auto i = names.find(event.delivery); i != names.end())
        event.push = i->second;
  return result;
}

} // namespace waybill
