#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <caf/meta/type_name.hpp>

#include "actors/core/histogram.hpp"
#include "actors/core/metric.hpp"
#include "actors/core/node_metrics.hpp"

namespace waybill {

/// Values of all metrics, as one actor counts them or as several add up to.
class metrics {
public:
  metrics() = default;

  /// @param feeder the room whose metrics `/stats` shows even while they are 0.
  explicit metrics(room feeder) : rooms_(bit_of(feeder)) {
    // nop
  }

  uint64_t& operator[](metric x) & { return values_[static_cast<size_t>(x)]; }

  uint64_t operator[](metric x) const& {
    return values_[static_cast<size_t>(x)];
  }

  histogram& operator[](latency x) {
    return histograms_[static_cast<size_t>(x)];
  }

  const histogram& operator[](latency x) const {
    return histograms_[static_cast<size_t>(x)];
  }

  /// Adds the values of another actor; of two peaks it keeps the larger one.
  metrics& operator+=(const metrics& x);

  /// Checks whether `/stats` shows a metric.
  bool shows(const metric_info& x) const {
    return (*this)[x.id] > 0
           || (!x.optional && (rooms_ & bit_of(x.feeder)) != 0);
  }

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, metrics& x) {
    return f(caf::meta::type_name("metrics"), x.values_, x.histograms_,
             x.rooms_);
  }

private:
  static constexpr uint8_t bit_of(room x) {
    return static_cast<uint8_t>(1u << static_cast<unsigned>(x));
  }

  std::array<uint64_t, metric_table.size()> values_ = {};
  std::array<histogram, latency_table.size()> histograms_ = {};

  /// The set of rooms that have added their metrics.
  uint8_t rooms_ = 0;
};

/// Names the metrics that `/stats` shows. A histogram has a count, a sum, and a
/// counter for each bucket that is not empty.
counters to_counters(const metrics& all);

} // namespace waybill
