#include "actors/core/ranking.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace waybill {

std::vector<ranking::address>
largest_of(const std::vector<ranking::address>& all) {
  std::map<std::string, uint64_t> sums;
  for (auto& [name, sessions] : all)
    sums[name] += sessions;
  std::vector<ranking::address> result;
  for (auto& [name, sessions] : sums)
    result.push_back({name, sessions});
  // Those of one size stay in the order of their names.
  std::stable_sort(result.begin(), result.end(),
                   [](auto& x, auto& y) { return x.sessions > y.sessions; });
  result.resize(std::min(result.size(), ranking::max_size));
  return result;
}

} // namespace waybill
