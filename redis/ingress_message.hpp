#pragma once

#include <string>
#include <string_view>

#include <caf/expected.hpp>

#include "actors/core/payload.hpp"

namespace waybill::redis {

/// A message of the open channel.
struct ingress_message {
  std::string id;
  payload body;
};

/// Parses `{"KEY":456,"VALUE":"aaaa"}` as any program may send it: KEY is a
/// string that is an id, or an integer from -2^63 to 2^64-1; VALUE is a string,
/// which is sent as its text, or any other JSON, which is sent as it stands but
/// for white space between its tokens. Other members are ignored; of two that
/// have the same name, the last counts.
/// @param max_size the largest payload, in bytes. The message may have eight
///                 times that, for what can be escaped, and 64 KiB more.
/// @returns `caf::sec::invalid_argument`, with what is wrong as its context.
caf::expected<ingress_message> parse_ingress(std::string_view json,
                                             size_t max_size);

} // namespace waybill::redis
