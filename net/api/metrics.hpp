#pragma once

#include <chrono>
#include <string>

#include "net/api/api.hpp"

namespace waybill::net {

/// Counts the response to a push by HTTP, and its latency if the receipt was
/// reached.
void count_answer(gateway& actors, receipt_level want, http::status status,
                  std::chrono::steady_clock::duration time);

/// Formats the metrics of a node for Prometheus (text format 0.0.4), including
/// those of its process under Prometheus' standard names.
std::string to_metrics(const metrics& figures, const bus_status& status,
                       const api_context& context);

} // namespace waybill::net
