#pragma once

#include "net/api/api.hpp"

namespace waybill::net {

/// Maps an error of the bus or the registry to a response.
response to_answer(const caf::error& why);

/// Pushes `body`.
void handle_push(api_context& context, push_request request, std::string body,
                 const exchange_ptr& exchange);

/// Pushes each line of the body of `call`: `POST /push`.
void handle_batch(api_context& context, const batch_request& request,
                  const api_call& call, const exchange_ptr& exchange);

/// Closes all sessions of an id.
void handle_kick(api_context& context, const kick_request& request,
                 const exchange_ptr& exchange);

} // namespace waybill::net
