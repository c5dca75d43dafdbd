#pragma once

#include "net/api/api.hpp"

namespace waybill::net {

/// Explains in sentences why an id got its last pushes, or not: `GET
/// /why/{id}`. Refuses as the first of the three questions that is refused.
void handle_why(api_context& context, const why_request& request,
                const exchange_ptr& exchange);

} // namespace waybill::net
