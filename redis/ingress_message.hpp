#pragma once

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

} // namespace waybill::redis
