#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace waybill::app {

/// The figures of all nodes at a time: an answer to `GET /stats?cluster=1`.
struct cluster_sample {
  /// Seconds of a clock that never goes back.
  double time = 0;
  nlohmann::json figures;
};

/// Returns a quantile of the time of pushes that were answered between two
/// samples of a node with a receipt of `received`, in milliseconds, with linear
/// interpolation in a bucket; nothing without such pushes.
/// @param q from 0 to 1.
std::optional<double> push_quantile(double q, const nlohmann::json& now,
                                    const nlohmann::json& before);

/// Returns the figures of each node with its rates since an older sample, for
/// people and programs: `nodes` and `unknown`. A node that the older sample
/// lacks has no rates.
nlohmann::ordered_json rates_of(const cluster_sample& now,
                                const cluster_sample& before);

/// Returns the rows of a table of such figures, the first its head.
std::vector<std::vector<std::string>>
rows_of(const nlohmann::ordered_json& rates);

} // namespace waybill::app
