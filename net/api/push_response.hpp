#pragma once

#include "actors/core/outcome.hpp"
#include "net/http/response.hpp"

namespace waybill::net {

/// Builds the response to a push. That of a frequent outcome has a text in
/// place of a document.
response to_response(const outcome& outcome);

/// Builds the same response with a document, whatever the push is called.
response to_document_response(const outcome& outcome);

} // namespace waybill::net
