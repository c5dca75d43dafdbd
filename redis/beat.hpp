#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace waybill::redis {

/// Tells all nodes once a second that a node is there; or, once, that it ends
/// in order and is not to be missed, or that it has lost its subscriptions and
/// will be back.
struct beat {
  std::string node;

  /// The id of its subscribed connection (CLIENT ID); 0 if that is not known.
  uint64_t client = 0;

  bool leaving = false;
  bool missing = false;
};

/// Writes a beat as MessagePack: a map with `"kind":"beat"`, `"node"`,
/// `"client"` and, if they are set, `"leaving"` and `"missing"`.
std::string encode(const beat& x);

/// Reads what `encode` wrote. Members that it does not know are skipped.
/// @returns nothing for any other message.
std::optional<beat> decode_beat(std::string_view bytes);

} // namespace waybill::redis
