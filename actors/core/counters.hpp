#pragma once

#include <caf/error.hpp>

#include "actors/core/close_reason.hpp"
#include "actors/core/errc.hpp"
#include "actors/core/push.hpp"

// The names of what a node counts, as `/stats` shows them.

namespace waybill {

/// Returns the figures that a node shows from its start, all 0.
counters initial_counters();

/// Returns the figure that counts those who found no place for this reason.
const char* counter_of(errc why);

/// Returns the figure that counts sessions which the node ends with this code.
const char* counter_of(close_code code);

/// Counts a session that closes itself for what its client does.
void count_cut_off(counters& figures, close_code code);

/// Counts the end of a session, for a reason other than that it closed.
/// @returns whether that was an error of ours.
bool count_end(counters& figures, const caf::error& why);

} // namespace waybill
