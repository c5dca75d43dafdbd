#pragma once

#include <chrono>
#include <string>

#include "net/api/api.hpp"

namespace waybill::net {

/// Counts the answer to a push by HTTP, and how long it took to get as far as
/// its pusher asked.
void count_answer(gateway& actors, receipt_level want, http::status status,
                  std::chrono::steady_clock::duration time);

/// Counts how late a timer of an event loop was.
void count_lag(gateway& actors, std::chrono::steady_clock::duration lag);

/// Writes the figures of a node as Prometheus reads them (its text format
/// 0.0.4), and what the process takes of its machine, by the names that
/// Prometheus has for that.
std::string to_metrics(counters figures, const bus_status& status,
                       const api_context& context);

} // namespace waybill::net
