#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <variant>

#include "net/api/request.hpp"
#include "net/http/response.hpp"

namespace waybill::net {

/// Parses the parameters that all requests for a session have. Ignores others,
/// which may be for a proxy or for scripts of a page.
std::variant<client_request, response>
parse_client_options(const std::map<std::string, std::string>& query,
                     push_address address, size_t max_topics);

} // namespace waybill::net
