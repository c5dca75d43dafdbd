#pragma once

#include <string_view>

#include "actors/core/send_queue.hpp"

namespace waybill::net {

/// Protocol of clients that get each push in an envelope: a subprotocol of
/// WebSockets, and a parameter of event streams.
constexpr std::string_view named_protocol = "waybill.v1";

/// Encloses a push in an envelope, by which its client can tell a repeat from a
/// new one: `{"push":"…","kept":true,"topic":"…","data":"…"}`, with `base64` in
/// place of `data` for bytes. What a push does not have is left out.
/// @pre `frame.tracked`
payload enclose(const frame& frame);

} // namespace waybill::net
