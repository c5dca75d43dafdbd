#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace waybill::app {

/// Tells the supervisor of this process, if there is one that wants to know,
/// what state it is in: `READY=1`, `STOPPING=1`, `WATCHDOG=1`, `STATUS=…`
/// (sd_notify(3), whose protocol is stable).
void notify(std::string_view state);

/// Returns within which time `WATCHDOG=1` has to follow the last one, if the
/// supervisor ends a process that does not say so (sd_watchdog_enabled(3)).
std::optional<std::chrono::microseconds> watchdog_time();

} // namespace waybill::app
