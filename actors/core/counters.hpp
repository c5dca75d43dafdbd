#pragma once

#include <caf/error.hpp>

#include "actors/core/close_reason.hpp"
#include "actors/core/errc.hpp"
#include "actors/core/node_metrics.hpp"

// Names of a node's counters, as `/stats` shows them.

namespace waybill {

/// Returns the counters that a node exposes from its start, all 0.
counters initial_counters();

/// Returns the counter of upgrades that were refused because of this limit.
const char* counter_of(errc limit);

/// Returns the counter of sessions that the node ends with this code.
const char* counter_of(close_code code);

/// Counts a session that closes itself because its client broke a limit.
void count_cut_off(counters& all, close_code code);

/// Counts the abnormal end of a session.
/// @returns whether it was an internal error.
bool count_end(counters& all, const caf::error& reason);

} // namespace waybill
