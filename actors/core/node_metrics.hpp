#pragma once

#include <cstdint>
#include <map>
#include <string>

#include <caf/meta/type_name.hpp>

namespace waybill {

/// Metrics by name, as `GET /stats` shows them and nodes report them. Those of
/// another release may have names that this one does not know.
using counters = std::map<std::string, uint64_t>;

/// Metrics that a node reports.
struct node_metrics {
  /// The version of Waybill on the node; empty if not reported.
  std::string version;

  counters values;

  friend bool operator==(const node_metrics&, const node_metrics&) = default;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, node_metrics& x) {
  return f(caf::meta::type_name("node_metrics"), x.version, x.values);
}

} // namespace waybill
