#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <caf/expected.hpp>

#include "actors/core/payload.hpp"

namespace waybill::redis {

/// A push from the open channel.
struct ingress_message {
  std::string id;
  payload body;
};

/// Parses `{"KEY":456,"VALUE":"aaaa"}`. KEY is an id as a string, or an integer
/// from -2^63 to 2^64-1. VALUE is a string, which is sent as its text, or any
/// other JSON, which is sent verbatim without white space between its tokens.
/// Other members are ignored; of two with the same name, the last counts.
/// @param max_size the largest payload, in bytes. The message may have eight
///                 times that, to allow for escapes, and 64 KiB more.
/// @returns `caf::sec::invalid_argument`, with the reason as its context.
caf::expected<ingress_message> parse_ingress(std::string_view json,
                                             size_t max_size);

/// A push from the open channel that is read in place: the views refer to the
/// message.
struct plain_ingress {
  std::string_view id;
  std::string_view text;
};

/// Reads a message in its usual form in one pass: KEY, then VALUE; the one a
/// plain string or an integer of up to 18 digits, the other a plain string.
/// Plain strings have no escapes.
/// @returns nothing for any other message, valid or not: `parse_ingress` gives
///          the same answer to a message in this form.
std::optional<plain_ingress> read_plain_ingress(std::string_view json,
                                                size_t max_size) noexcept;

} // namespace waybill::redis
