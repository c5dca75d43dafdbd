#include "actors/core/figure_history.hpp"

#include <array>
#include <limits>
#include <utility>
#include <vector>

#include "actors/core/histogram.hpp"

namespace waybill {

namespace {

/// Figures that are counters as they are.
constexpr std::array gauges
  = {"sessions", "addresses", "queued_bytes", "headroom", "resident_bytes"};

/// Figures that are the growth of counters in a second.
const std::map<std::string, std::vector<std::string>>& rates() {
  static const std::map<std::string, std::vector<std::string>> result{
    {"answers_200", {"answers_200"}},
    {"answers_202", {"answers_202"}},
    {"answers_404", {"answers_404"}},
    {"answers_503", {"answers_503"}},
    {"answers_504", {"answers_504"}},
    {"pushes",
     {"answers_200", "answers_202", "answers_404", "answers_422", "answers_500",
      "answers_503", "answers_504", "answers_507"}},
    {"deliveries", {"deliveries"}},
    {"refused", {"refused_requests"}},
    {"closed",
     {"slow_clients", "flooding_clients", "replaced_sessions",
      "kicked_sessions", "failed_sessions"}},
    {"dropped", {"dropped_frames"}},
    {"cpu_milliseconds", {"cpu_milliseconds"}},
  };
  return result;
}

uint64_t value_of(const counters& from, const std::string& name) {
  auto found = from.find(name);
  return found == from.end() ? 0 : found->second;
}

/// By how much counters have grown.
class growth {
public:
  growth(const counters& now, const counters& before)
      : now_(now), before_(before) {
    // nop
  }

  double of(const std::string& name) const {
    return static_cast<double>(value_of(now_, name))
           - static_cast<double>(value_of(before_, name));
  }

private:
  const counters& now_;
  const counters& before_;
};

/// Returns a quantile of the latency until a push was received, in seconds,
/// with linear interpolation in a bucket; not a number if none was.
double latency_quantile(double quantile, const growth& grown) {
  auto rank = quantile * grown.of("received_count");
  if (rank <= 0)
    return std::numeric_limits<double>::quiet_NaN();
  double below = 0;
  double low = 0;
  for (auto bound : histogram::bounds) {
    auto count = grown.of("received_in_" + std::to_string(bound) + "ms");
    auto high = bound / 1e3;
    if (count > 0 && below + count >= rank)
      return low + (high - low) * (rank - below) / count;
    below += count;
    low = high;
  }
  return low;
}

} // namespace

void figure_history::add(const counters& now, time_point time) {
  auto before = std::exchange(last_, now);
  auto seconds
    = std::chrono::duration<double>(time - std::exchange(last_time_, time))
        .count();
  if (before.empty() || seconds <= 0)
    return;
  auto is_full = table_.times.size() == capacity;
  auto put = [&](const std::string& name, double value) {
    auto& values = table_.figures[name];
    if (is_full)
      values.pop_front();
    values.push_back(static_cast<float>(value));
  };
  if (is_full)
    table_.times.pop_front();
  table_.times.push_back(time);
  for (auto name : gauges)
    put(name, static_cast<double>(value_of(now, name)));
  growth grown{now, before};
  for (auto& [name, parts] : rates()) {
    double sum = 0;
    for (auto& part : parts)
      sum += grown.of(part);
    put(name, sum / seconds);
  }
  put("received_p50", latency_quantile(0.5, grown));
  put("received_p99", latency_quantile(0.99, grown));
}

} // namespace waybill
