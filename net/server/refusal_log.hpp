#pragma once

#include <chrono>
#include <mutex>
#include <string_view>

#include <spdlog/spdlog.h>

#include "actors/core/log_gate.hpp"

namespace waybill::net {

/// Logs why connections and requests are refused, one line of each kind a
/// second. All loops of a node share it, as they share the log.
class refusal_log {
public:
  /// @param make returns the line, if that is to be logged.
  template <class Make>
  void add(spdlog::level::level_enum level, std::string_view kind, Make make) {
    std::unique_lock lock{mutex_};
    auto more = gate_.take(kind, std::chrono::steady_clock::now());
    lock.unlock();
    if (more)
      spdlog::log(level, "{}{}", make(), *more);
  }

private:
  std::mutex mutex_;
  log_gate gate_;
};

} // namespace waybill::net
