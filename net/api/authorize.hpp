#pragma once

#include <string>
#include <variant>

#include "net/api/route.hpp"

namespace waybill::net {

/// Builds the 403 response for a key or token without the permission.
response forbidden(std::string message);

/// Authorizes a page to read the refusal of its session, which needs no token.
/// @returns its permissions, or the response to a page that is not allowed.
std::variant<permissions, response>
authorize_page(const access_policy& policy,
               const http::request_header<>& fields);

/// Authorizes a request by the fields of its head.
/// @returns the permissions of its sender, or the response that refuses it.
std::variant<permissions, response>
authorize(const access_policy& policy, const http::request_header<>& fields,
          const routed_request& request);

} // namespace waybill::net
