#include "actors/core/ranking.hpp"

#include <algorithm>

namespace waybill {

void add_to(std::vector<ranking::address>& list, std::string_view name,
            uint64_t sessions) {
  auto is_larger = [&](const ranking::address& x) {
    return x.sessions > sessions || (x.sessions == sessions && x.name < name);
  };
  auto place = std::partition_point(list.begin(), list.end(), is_larger);
  if (place == list.end() && list.size() == ranking::max_size)
    return;
  list.insert(place, {std::string{name}, sessions});
  list.resize(std::min(list.size(), ranking::max_size));
}

} // namespace waybill
