#pragma once

#include <optional>
#include <string>

#include <boost/beast/http/message.hpp>

#include "net/auth/permissions.hpp"
#include "net/http/response.hpp"

namespace waybill::net {

struct api_context;
struct request;

/// Makes the answer to who has a key, but not for this.
response forbidden(std::string message);

/// Finds out whether a request may be served, by its head. Writes down in
/// `what` what it may do.
/// @pre `check` found nothing.
std::optional<response> authorize(const api_context& context,
                                  const http::request_header<>& head,
                                  request& request);

} // namespace waybill::net
