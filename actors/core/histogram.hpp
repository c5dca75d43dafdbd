#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include <caf/meta/type_name.hpp>

namespace waybill {

/// Counts durations in buckets, by upper bounds.
class histogram {
public:
  /// Upper bounds of the buckets, in milliseconds.
  static constexpr std::array<int, 12> bounds
    = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000};

  /// Counts a duration. A part of a microsecond is ignored.
  void add(std::chrono::steady_clock::duration x);

  histogram& operator+=(const histogram& x);

  /// Returns the number of durations, including those past the last bound.
  uint64_t count() const noexcept { return count_; }

  /// Returns the sum of all durations.
  uint64_t microseconds() const noexcept { return microseconds_; }

  /// Returns the number of durations up to `bounds[i]` and past the bound
  /// before it.
  uint64_t bucket(size_t i) const { return buckets_.at(i); }

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, histogram& x) {
    return f(caf::meta::type_name("histogram"), x.buckets_, x.count_,
             x.microseconds_);
  }

private:
  std::array<uint64_t, bounds.size()> buckets_ = {};
  uint64_t count_ = 0;
  uint64_t microseconds_ = 0;
};

} // namespace waybill
