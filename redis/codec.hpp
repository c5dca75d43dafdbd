#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <caf/expected.hpp>
#include <caf/sec.hpp>

#include "actors/messages.hpp"

namespace waybill::redis {

/// Says of a message that it is well-formed, but of a kind that this release
/// does not know. Of anything else that cannot be read,
/// `caf::sec::invalid_argument` is said.
constexpr auto another_kind = caf::sec::unexpected_message;

/// Writes a push as it travels between nodes: MessagePack, a map of what there
/// is to say of `"push"` (its id), `"text"` or `"data"`, `"to"` and `"want"`
/// (who waits, for which level) and `"ttl"` (in milliseconds). What is for
/// another purpose than to bring something names that as `"kind"`: `"kick"`,
/// `"inspect"`, `"claim"`, `"trace"` (of the `"id"`) or `"figures"`.
///
/// The value of the last member is missing where that is `"entry"`, of a push
/// that is kept, or `"claim"`: Redis has it. It writes a claim as `uint 64`,
/// and an entry as `append_entry` does.
std::string encode(const push& push);

/// Completes what `encode` wrote of a push that is kept.
/// @param entry has less than 32 bytes, as those of Redis have until the year
///              2286.
void append_entry(std::string& bytes, std::string_view entry);

/// Reads what `encode` wrote, in this release or another: skips members that it
/// does not know, and takes defaults for those that are missing.
caf::expected<push> decode(std::string_view bytes);

/// What nodes tell each other on their own channels.
struct node_message {
  /// Reports from `node`, all of them for the same receiver.
  std::string node;
  std::vector<report> reports = {};

  /// A push that is to be settled for `node`, if any.
  std::string probe = {};
};

/// Writes such a message as a map: `"kind"` is `"reports"`, with a list of maps
/// of what is not 0 or empty; or `"probe"`, of a `"push"`.
std::string encode(const node_message& message);

/// Reads what `encode` wrote, as `decode` reads a push.
caf::expected<node_message> decode_node_message(std::string_view bytes);

/// Writes what became of a push as it stands in Redis: a map whose `"kind"` is
/// `"outcome"`.
std::string encode(const outcome& outcome);

/// Reads what `encode` wrote, as `decode` reads a push.
caf::expected<outcome> decode_outcome(std::string_view bytes);

/// Writes what a client sent as JSON for the upstream channel:
/// `{"KEY":"456","VALUE":"text"}`; a binary message as base64, with
/// `"ENCODING":"base64"`.
std::string encode(const client_message& message);

} // namespace waybill::redis
