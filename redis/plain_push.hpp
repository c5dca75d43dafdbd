#pragma once

#include <optional>
#include <string_view>

#include "actors/core/push.hpp"

namespace waybill::redis {

// Nearly all messages between nodes are pushes. So a push is written and read
// in one pass, without a document, and its body is copied once.

/// Reads a push in its usual form: a map with the members that `encode` writes,
/// in the same order, and no others.
/// @returns nothing for any other message, valid or not: `decode_any` gives
///          the same answer to a message in this form.
std::optional<push> read_plain_push(std::string_view bytes);

} // namespace waybill::redis
