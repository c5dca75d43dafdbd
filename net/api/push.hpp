#pragma once

#include "net/api/api.hpp"

namespace waybill::net {

/// Maps an error of the bus or the registry to a response.
response to_answer(const caf::error& why);

/// Pushes the body of `request` to `address`.
void handle_push(api_context& context, const push_address& address,
                 request request, timer_type& timer, response_handler then);

/// Pushes each line of the body of `request`: `POST /push`.
void handle_batch(api_context& context, request request, timer_type& timer,
                  response_handler then);

/// Closes all sessions of an id.
void handle_kick(api_context& context, const push_address& address,
                 timer_type& timer, response_handler then);

} // namespace waybill::net
