#include "app/commands/latency_histogram.hpp"

#include <algorithm>
#include <charconv>

#include <unistd.h>

namespace waybill::app {

namespace {

using clock = std::chrono::steady_clock;

} // namespace

nlohmann::ordered_json latency_histogram::summary() {
  std::sort(all_.begin(), all_.end());
  nlohmann::ordered_json result = nlohmann::ordered_json::object();
  for (auto [name, part] : {std::pair{"p50", 0.5},
                            {"p90", 0.9},
                            {"p99", 0.99},
                            {"p99.9", 0.999},
                            {"longest", 1.0}}) {
    if (all_.empty())
      break;
    auto i = static_cast<size_t>(static_cast<double>(all_.size()) * part);
    std::chrono::duration<double, std::milli> time
      = all_[std::min(i, all_.size() - 1)];
    result[name] = time.count();
  }
  return result;
}

std::optional<size_t> read_process(std::string_view text) {
  size_t result = 0;
  auto last = text.data() + text.size();
  auto [end, error] = std::from_chars(text.data(), last, result);
  if (error != std::errc{} || end != last
      || (result > 0
          && access(("/proc/" + std::to_string(result)).c_str(), F_OK) != 0))
    return std::nullopt;
  return result;
}

std::string make_timed_text(size_t size) {
  auto result = std::to_string(clock::now().time_since_epoch().count()) + ' ';
  result.resize(std::max(result.size(), size), 'x');
  return result;
}

std::optional<latency_histogram::duration> age_of(const std::string& text) {
  clock::rep count = 0;
  auto last = text.data() + text.size();
  auto [end, error] = std::from_chars(text.data(), last, count);
  if (error != std::errc{} || end == last || *end != ' ')
    return std::nullopt;
  return clock::now().time_since_epoch() - clock::duration{count};
}

} // namespace waybill::app
