#pragma once

#include <caf/error.hpp>

#include "actors/core/close_reason.hpp"
#include "actors/core/errc.hpp"
#include "actors/core/metrics.hpp"

// The metrics that count refusals and ends of sessions.

namespace waybill {

/// Returns the counter of upgrades that were refused because of this limit.
metric counter_of(errc limit);

/// Returns the counter of sessions that the node ends with this code.
metric counter_of(close_code code);

/// Counts a session that closes itself because its client broke a limit.
void count_cut_off(metrics& all, close_code code);

/// Counts the abnormal end of a session.
/// @returns whether it was an internal error.
bool count_end(metrics& all, const caf::error& reason);

} // namespace waybill
