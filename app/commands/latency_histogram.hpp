#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "net/api/process_stats.hpp"

namespace waybill::app {

/// Collects durations, and computes their quantiles.
class latency_histogram {
public:
  using duration = std::chrono::steady_clock::duration;

  void add(duration x) { all_.push_back(x); }

  size_t count() const noexcept { return all_.size(); }

  /// Returns the quantiles p50 to p99.9 and the maximum, in milliseconds.
  nlohmann::ordered_json summary();

private:
  std::vector<duration> all_;
};

using net::usage;
using net::usage_of;

/// Parses the id of a running process, or 0 for none.
std::optional<size_t> read_process(std::string_view text);

/// Returns a text of at least `size` bytes that begins with a timestamp.
std::string make_timed_text(size_t size);

/// Returns the age of a timed text; nothing for any other text.
std::optional<latency_histogram::duration> age_of(const std::string& text);

} // namespace waybill::app
