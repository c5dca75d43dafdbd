#pragma once

#include <cstdint>
#include <string>

#include "actors/core/send_queue.hpp"
#include "actors/core/span.hpp"

namespace waybill {

/// Returns the span of a delivery that ends now.
/// @param peer the address of the client.
/// @param problem the reason why the session dropped the push; empty if the
///                socket has taken it.
/// @pre `delivery.traced`
span make_delivery_span(const delivery_info& delivery, std::string peer,
                        std::string problem = {});

/// Returns the span from the time `written` until now, when the client has read
/// the push.
/// @pre `delivery.traced`
span make_receive_span(const delivery_info& delivery, std::string peer,
                       int64_t written);

} // namespace waybill
