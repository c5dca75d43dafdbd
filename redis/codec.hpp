#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <caf/expected.hpp>
#include <caf/sec.hpp>

#include "actors/messages.hpp"

namespace waybill::redis {

/// Error for a well-formed message whose kind this release does not know. For
/// anything else that cannot be decoded it is `caf::sec::invalid_argument`.
constexpr auto another_kind = caf::sec::unexpected_message;

/// Encodes a push for other nodes as a MessagePack map. Members are `"push"`
/// (its id), `"text"` or `"data"`, `"to"` and `"want"` (the node of the receipt
/// and its level) and `"ttl"` (in milliseconds); empty ones are omitted. Any
/// push but a message has a `"kind"`: `"kick"`, `"inspect"`, `"claim"`,
/// `"trace"` (of the `"id"`) or `"figures"`.
///
/// The last member has no value if it is `"entry"`, of a kept push, or
/// `"claim"`: a script in Redis appends it, a claim as `uint 64` and an entry
/// as `append_entry` does.
std::string encode(const push& push);

/// Appends the value of `"entry"` to an encoded push.
/// @param entry has less than 32 bytes, as those of Redis have until the year
///              2286.
void append_entry(std::string& bytes, std::string_view entry);

/// Decodes a push of any release: skips unknown members, and uses defaults for
/// missing ones.
caf::expected<push> decode(std::string_view bytes);

/// A message on the channel of a node.
struct node_message {
  /// The sender, and its reports for the receiving node.
  std::string node;
  std::vector<report> reports = {};

  /// A push to settle for `node`, if any.
  std::string probe = {};
};

/// Encodes a message between nodes as a map: `"kind"` is `"reports"`, with a
/// list of maps whose members are neither 0 nor empty; or `"probe"`, with a
/// `"push"`.
std::string encode(const node_message& message);

/// Decodes a message between nodes, with the tolerance of `decode`.
caf::expected<node_message> decode_node_message(std::string_view bytes);

/// Encodes the outcome of a push for Redis: a map whose `"kind"` is
/// `"outcome"`.
std::string encode(const outcome& outcome);

/// Decodes an outcome, with the tolerance of `decode`.
caf::expected<outcome> decode_outcome(std::string_view bytes);

/// Encodes a message of a client as JSON for the upstream channel:
/// `{"KEY":"456","VALUE":"text"}`; a binary message as base64, with
/// `"ENCODING":"base64"`.
std::string encode(const client_message& message);

} // namespace waybill::redis
