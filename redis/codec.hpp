#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <caf/expected.hpp>

#include "actors/messages.hpp"

namespace waybill::redis {

/// Writes a push as it travels between nodes: MessagePack, a map of what there
/// is to say of `"push"` (its id), `"text"` or `"data"`, `"to"` and `"want"`
/// (who waits, for which level), `"ttl"` (in milliseconds), `"kick"`,
/// `"inspect"`, `"trace"` (the id), `"figures"` and `"claim"`.
///
/// The value of the last member is missing where that is `"entry"`, of a push
/// that is kept, or `"claim"`: Redis has it. It writes a claim as `uint 64`,
/// and an entry as `append_entry` does.
std::string encode(const push& what);

/// Completes what `encode` wrote of a push that is kept.
/// @param entry has less than 32 bytes, as those of Redis have until the year
///              2286.
void append_entry(std::string& bytes, std::string_view entry);

/// Reads what `encode` wrote.
/// @returns `caf::sec::invalid_argument` for anything else.
caf::expected<push> decode(std::string_view bytes);

/// What nodes tell each other on their own channels.
struct node_message {
  /// Reports from `node`, all of them for the same receiver.
  std::string node;
  std::vector<report> reports = {};

  /// A push that is to be settled for `node`, if any.
  std::string probe = {};
};

/// Writes such a message as MessagePack.
std::string encode(const node_message& what);

/// Reads what `encode` wrote.
/// @returns `caf::sec::invalid_argument` for anything else.
caf::expected<node_message> decode_node_message(std::string_view bytes);

/// Writes what became of a push as it stands in Redis: MessagePack.
std::string encode(const outcome& what);

/// Reads what `encode` wrote.
/// @returns `caf::sec::invalid_argument` for anything else.
caf::expected<outcome> decode_outcome(std::string_view bytes);

/// Writes what a client sent as JSON for the upstream channel:
/// `{"KEY":"456","VALUE":"text"}`; a binary message as base64, with
/// `"ENCODING":"base64"`.
std::string encode(const client_message& what);

} // namespace waybill::redis
