#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <caf/expected.hpp>
#include <caf/sec.hpp>

#include "actors/messages.hpp"

namespace waybill::redis {

/// Error for a well-formed message whose kind this release does not know. For
/// anything else that cannot be decoded it is `caf::sec::invalid_argument`.
constexpr auto another_kind = caf::sec::unexpected_message;

/// Encodes a message for other nodes as a MessagePack map; empty members are
/// omitted.
///
/// A push has `"push"` (its id), `"text"` or `"data"`, `"to"` and `"want"` (the
/// node of the receipt and its level), `"ttl"`, `"fresh"` and `"retain"` (in
/// milliseconds), and `"collapse"`. If it is
/// kept, the last member is `"entry"`, without a value: a script in Redis
/// appends it as `append_entry` does.
std::string encode(const push& push);

/// The `"kind"` is `"kick"`; `"push"` is the id, `"reason"` the reason, if
/// there is one. The decoder ignores one that no close frame can have.
std::string encode(const kick& kick);

/// The `"kind"` is `"inspect"`, `"trace"` (of the `"id"`), `"figures"`,
/// `"members"`, `"forget"`, or `"subscribe"` (to the `"topic"`, with its
/// `"ttl"`) or
/// `"unsubscribe"`; `"push"` and `"to"` are as in a push, and `"want"` is 0.
std::string encode(const query& query);

/// Encodes a claim without its number: the `"kind"` is `"claim"`, and so is the
/// last member, without a value. A script in Redis appends it as `uint 64`.
std::string encode_claim();

/// Appends the value of `"entry"` to an encoded push.
/// @param entry has less than 32 bytes, as those of Redis have until the year
///              2286.
void append_entry(std::string& bytes, std::string_view entry);

/// Decodes a message of any release: skips unknown members, and uses defaults
/// for missing ones.
caf::expected<bus_message> decode(std::string_view bytes);

/// Decodes a message as `decode` does, without the shorter way of pushes in
/// their usual form.
caf::expected<bus_message> decode_any(std::string_view bytes);

/// Encodes the outcome of a push for Redis: a map whose `"kind"` is
/// `"outcome"`.
std::string encode(const outcome& outcome);

/// Decodes an outcome, with the tolerance of `decode`.
caf::expected<outcome> decode_outcome(std::string_view bytes);

/// Returns the members of a message of a client, as names and texts: KEY, VALUE
/// and, if it is binary, ENCODING.
std::vector<std::pair<std::string, std::string>>
fields_of(const client_message& message);

/// Encodes a message of a client as JSON for the upstream channel:
/// `{"KEY":"456","VALUE":"text"}`; a binary message as base64, with
/// `"ENCODING":"base64"`.
std::string encode(const client_message& message);

} // namespace waybill::redis
