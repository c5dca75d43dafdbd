#pragma once

#include <optional>
#include <string>

#include <boost/beast/http/message.hpp>

#include "net/auth/permissions.hpp"
#include "net/http/response.hpp"

namespace waybill::net {

struct api_context;
struct request;

/// Builds the 403 response for a key or token without the permission.
response forbidden(std::string message);

/// Authorizes a request by its head, and stores its permissions in `request`.
/// @returns the response that refuses it, if any.
/// @pre `check` found no error.
std::optional<response> authorize(const api_context& context,
                                  const http::request_header<>& head,
                                  request& request);

} // namespace waybill::net
