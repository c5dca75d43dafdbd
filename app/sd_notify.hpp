#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace waybill::app {

/// Sends a state to the supervisor of this process, if it listens: `READY=1`,
/// `STOPPING=1`, `WATCHDOG=1`, `STATUS=…` (sd_notify(3), a stable protocol).
void notify(std::string_view state);

/// Returns the longest interval between two `WATCHDOG=1`, if the supervisor
/// runs a watchdog (sd_watchdog_enabled(3)).
std::optional<std::chrono::microseconds> watchdog_time();

} // namespace waybill::app
