#pragma once

#include <chrono>
#include <string>

#include "actors/core/close_reason.hpp"

// The time after which a client connects again.

namespace waybill::net {

/// Returns a time by chance from 1 to 3 s: many sessions may end at once.
std::chrono::milliseconds spread_retry();

/// Returns the time that the end of a session tells its client.
std::chrono::milliseconds retry_of(const close_reason& reason);

/// Returns the text of a close frame. That of a node that is stopping, and that
/// to a slow client, ends with the time to come back: `retry=7.3`, in seconds.
std::string close_text(const close_reason& reason);

} // namespace waybill::net
