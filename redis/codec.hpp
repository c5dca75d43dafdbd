#pragma once

#include <string>
#include <string_view>

#include <caf/expected.hpp>

#include "actors/messages.hpp"

namespace waybill::redis {

/// A message of the open channel.
struct open_message {
  std::string id;
  payload body;
};

/// Parses `{"KEY":456,"VALUE":"aaaa"}` as any program may send it: KEY is a
/// string that is an id, or an integer from -2^63 to 2^64-1; VALUE is a string,
/// which is sent as its text, or any other JSON, which is sent as it stands but
/// for white space between its tokens. Other members are ignored; of two that
/// have the same name, the last counts.
/// @param max_size the largest payload, in bytes.
/// @returns `caf::sec::invalid_argument`, with what is wrong as its context.
caf::expected<open_message> parse_open(std::string_view json, size_t max_size);

/// Writes a push as it travels between nodes: MessagePack,
/// `{"push": id, "text": str}` or `{"push": id, "data": bin}`.
std::string encode(const push& what);

/// Reads what `encode` wrote.
/// @returns `caf::sec::invalid_argument` for anything else.
caf::expected<push> decode(std::string_view bytes);

/// Writes what a client sent as JSON for the upstream channel:
/// `{"KEY":"456","VALUE":"text"}`; a binary message as base64, with
/// `"ENCODING":"base64"`.
std::string encode(const client_message& what);

} // namespace waybill::redis
