#pragma once

#include <optional>
#include <string_view>

namespace waybill::redis {

/// A message on a channel, in the bytes of a connection.
struct channel_message {
  std::string_view channel;
  std::string_view text;
};

/// Removes the first message from bytes of a subscribed connection, in one pass
/// and without a `reply`. Most that such a connection receives are messages.
/// @returns nothing, having removed nothing, if they begin with another reply
///          or with a part of a message.
std::optional<channel_message> take_message(std::string_view& bytes);

} // namespace waybill::redis
