#pragma once

#include <cstddef>
#include <optional>
#include <variant>

#include "net/api/request.hpp"
#include "net/auth/permissions.hpp"
#include "net/config.hpp"
#include "net/http/request.hpp"

namespace waybill::net {

/// A request whose path, method and parameters are valid.
struct routed_request {
  /// The scope that the key of its sender needs; nothing if it needs no key.
  std::optional<scope> needed;

  net::request request;
};

/// Finds the route of a request and parses its parameters, before the body is
/// sent or read. Rejects unknown parameters, so that a typing error does not go
/// unnoticed.
/// @param port the role of the port that received it.
/// @param max_topics the maximum number of topics per session.
std::variant<routed_request, response> route(const request_head& head,
                                             port_role port, size_t max_topics);

/// Builds the 404 response for an unknown path, with the path that was probably
/// meant.
response no_such_path(const target& target);

/// Returns whether the client probably meant a path that opens a session.
bool means_session(const target& target);

} // namespace waybill::net
