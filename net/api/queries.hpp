#pragma once

#include "net/api/api.hpp"

namespace waybill::net {

// Queries to other nodes. `unknown` in a response is the number of nodes that
// did not answer.

/// Returns the nodes, or sessions, of an id: `GET /socket/{id}`.
void handle_presence(api_context& context, const request& request,
                     response_handler then);

/// Returns the trace of the last pushes to an id: `GET /trace/{id}`.
void handle_trace(api_context& context, const request& request,
                  response_handler then);

/// Returns the counters of all nodes: `GET /stats?cluster=1`.
void handle_cluster(api_context& context, const request& request,
                    response_handler then);

} // namespace waybill::net
