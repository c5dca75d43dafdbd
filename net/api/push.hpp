#pragma once

#include "net/api/api.hpp"

namespace waybill::net {

/// Makes the answer to a request for which the bus had none.
response to_answer(const caf::error& why);

/// Pushes the body of `what` to `where`.
void handle_push(api_context& context, const push_address& address,
                 request request, timer_type& timer, response_handler then);

/// Makes each line of the body of `what` a push: `POST /push`.
void handle_batch(api_context& context, request request, timer_type& timer,
                  response_handler then);

/// Closes all sessions of an id.
void handle_kick(api_context& context, const push_address& address,
                 timer_type& timer, response_handler then);

} // namespace waybill::net
