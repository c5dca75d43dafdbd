#pragma once

#include "net/api/api.hpp"

namespace waybill::net {

// What is asked of other nodes. `unknown` in an answer says how many of them
// stayed silent.

/// Tells who holds an id: `GET /socket/{id}`.
void handle_presence(api_context& context, const request& request,
                     response_handler then);

/// Tells the last pushes of an id, hop by hop: `GET /trace/{id}`.
void handle_trace(api_context& context, const request& request,
                  response_handler then);

/// Tells the figures of all nodes: `GET /stats?cluster=1`.
void handle_cluster(api_context& context, const request& request,
                    response_handler then);

} // namespace waybill::net
