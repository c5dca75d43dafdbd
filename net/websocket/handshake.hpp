#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/http/message.hpp>

#include "net/http/response.hpp"
#include "net/websocket/compression.hpp"

namespace waybill::net {

/// Checks a request for a WebSocket (RFC 6455, section 4.2.1).
/// @param is_alone tells whether nothing follows the head.
/// @returns the response that refuses it, if it is wrong.
std::optional<response> check_handshake(const http::request_header<>& head,
                                        bool is_alone);

/// Builds the response that opens a WebSocket (RFC 6455, section 4.2.2).
/// @param key the `Sec-WebSocket-Key` of the client.
/// @param protocol the subprotocol that is selected; empty for none.
/// @param compression the accepted offer to compress messages, if any.
std::string
handshake_response(std::string_view key, std::string_view protocol,
                   const std::optional<compression_params>& compression);

} // namespace waybill::net
