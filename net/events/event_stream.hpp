#pragma once

#include <chrono>
#include <string>

#include "actors/core/close_reason.hpp"
#include "net/events/event_position.hpp"
#include "net/http/response.hpp"

// The texts of an event stream besides its events (WHATWG HTML, section 9.2).

namespace waybill::net {

/// A line that a client ignores; proxies and the client see that the stream
/// lives.
constexpr auto event_comment = ":\n\n";

/// The time in which a client comes back after a stream that has only reached
/// its lifetime.
constexpr auto short_retry = std::chrono::milliseconds{100};

/// Returns a time by chance within 20 % of `lifetime`.
std::chrono::milliseconds spread_lifetime(std::chrono::milliseconds lifetime);

/// Returns the head of a stream whose end is that of the connection, and the
/// time in which the client comes back unless it is told another.
/// @param origin the origin of the page; empty for none.
std::string open_stream(const std::string& origin,
                        std::chrono::milliseconds retry);

/// Returns the end of a stream. The client asks for another; a closed session
/// must not get one, so its position becomes final.
std::string close_stream_text(const close_reason& reason,
                              event_position position,
                              std::chrono::milliseconds retry);

/// Returns an event that tells why a stream ends.
std::string close_event(const close_reason& reason);

/// Returns whether the cause of an error may pass without a change of the
/// request.
bool may_pass(http::status status);

/// Builds the response for a client that can get no session now: a stream that
/// ends at once, since a browser gives up at any other status.
/// @param refusal the response to other clients.
response end_of_stream(const response& refusal, const std::string& origin,
                       std::chrono::milliseconds retry);

/// Adds the fields by which pages of `origin` may read a response.
void allow_origin(response& to, const std::string& origin);

} // namespace waybill::net
