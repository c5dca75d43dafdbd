#include "actors/trace.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace waybill {

void trace::add(hop what) {
  auto [i, is_new] = entries_.try_emplace(what.id);
  auto& [last, oldest, place] = i->second;
  if (is_new)
    place = touched_.insert(touched_.begin(), what.id);
  else
    touched_.splice(touched_.begin(), touched_, place);
  if (last.size() == max_hops_of_id_) {
    last[oldest++ % max_hops_of_id_] = std::move(what);
    return;
  }
  last.push_back(std::move(what));
  ++size_;
  while (size_ > max_hops_) {
    auto stalest = entries_.find(touched_.back());
    size_ -= stalest->second.last.size();
    entries_.erase(stalest);
    touched_.pop_back();
  }
}

hops trace::of(const std::string& id, hops more) const {
  hops result;
  if (auto i = entries_.find(id); i != entries_.end())
    result = i->second.last;
  std::move(more.begin(), more.end(), std::back_inserter(result));
  std::stable_sort(result.begin(), result.end(),
                   [](const hop& x, const hop& y) { return x.at < y.at; });
  std::unordered_map<uint64_t, std::string> names;
  for (auto& each : result)
    if (each.what == hop::kind::delivered)
      names.emplace(each.delivery, each.push);
  for (auto& each : result)
    if (each.delivery != 0 && each.push.empty())
      if (auto i = names.find(each.delivery); i != names.end())
        each.push = i->second;
  return result;
}

} // namespace waybill
