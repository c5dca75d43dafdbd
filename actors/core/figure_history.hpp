#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <string>

#include <caf/meta/type_name.hpp>

#include "actors/core/node_metrics.hpp"

namespace waybill {

/// Figures of a node in the last hour, one value of each for 5 s, by its
/// counters. Takes some 60 kB.
class figure_history {
public:
  using time_point = std::chrono::system_clock::time_point;

  /// The time between two values, and the number of values that are kept.
  static constexpr auto interval = std::chrono::seconds{5};
  static constexpr size_t capacity = 720;

  /// The values of each figure by its name, the oldest first, all as many as
  /// there are times. A figure that had no value, such as the latency when
  /// nothing was pushed, is not a number.
  struct table {
    std::deque<time_point> times;
    std::map<std::string, std::deque<float>> figures;

    template <class Inspector>
    friend typename Inspector::result_type inspect(Inspector& f, table& x) {
      return f(caf::meta::type_name("figure_history"), x.figures);
    }
  };

  /// Adds the values of the time since the last call. Of the first one only the
  /// counters are kept.
  void add(const counters& now, time_point time);

  const table& all() const noexcept { return table_; }

private:
  table table_;
  counters last_;
  time_point last_time_;
};

} // namespace waybill
