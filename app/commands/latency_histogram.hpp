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

/// Times of which quantiles are asked.
class latency_histogram {
public:
  using duration = std::chrono::steady_clock::duration;

  void add(duration x) { all_.push_back(x); }

  size_t count() const noexcept { return all_.size(); }

  /// Returns the quantiles p50 to p99.9 and the longest, in milliseconds.
  nlohmann::ordered_json summary();

private:
  std::vector<duration> all_;
};

using net::usage;
using net::usage_of;

/// Reads the id of a process that this machine has, or 0 for none.
std::optional<size_t> read_process(std::string_view text);

/// Makes a text of at least `size` bytes that says when it was made.
std::string make_timed_text(size_t size);

/// Returns how long ago a text was made; nothing if it does not say so.
std::optional<latency_histogram::duration> age_of(const std::string& text);

} // namespace waybill::app
