#pragma once

#include <chrono>
#include <mutex>
#include <string_view>

#include <spdlog/spdlog.h>

#include "actors/core/log_gate.hpp"

namespace waybill::net {

/// Logs refused connections and requests, at most one line per kind and second.
/// All loops share it.
class refusal_log {
public:
  /// @param make returns the line; called only if it is logged.
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
