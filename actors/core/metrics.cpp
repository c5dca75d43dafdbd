#include "actors/core/metrics.hpp"

#include <algorithm>
#include <string>

namespace waybill {

namespace {

void add_histogram(counters& to, const std::string& name, const histogram& x) {
  if (x.count() == 0)
    return;
  to[name + "_count"] = x.count();
  to[name + "_microseconds"] = x.microseconds();
  for (size_t i = 0; i < histogram::bounds.size(); ++i)
    if (x.bucket(i) > 0)
      to[name + "_in_" + std::to_string(histogram::bounds[i]) + "ms"]
        = x.bucket(i);
}

} // namespace

metrics& metrics::operator+=(const metrics& x) {
  for (auto& row : metric_table) {
    auto& value = (*this)[row.id];
    value = row.family.kind == metric_kind::peak ? std::max(value, x[row.id])
                                                 : value + x[row.id];
  }
  for (auto& row : latency_table)
    (*this)[row.id] += x[row.id];
  rooms_ |= x.rooms_;
  return *this;
}

counters to_counters(const metrics& all) {
  counters result;
  for (auto& row : metric_table)
    if (all.shows(row))
      result[row.json_name] = all[row.id];
  for (auto& row : latency_table)
    add_histogram(result, row.json_name, all[row.id]);
  return result;
}

} // namespace waybill
