#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace waybill::redis {

/// A message to all nodes, once a second, that a node is alive; or, once, that
/// it shuts down in order, or that it lost its subscriptions and will return.
struct beat {
  std::string node;

  /// CLIENT ID of its subscribed connection; 0 if unknown.
  uint64_t client = 0;

  bool leaving = false;
  bool missing = false;
};

/// Encodes a beat as MessagePack: a map with `"kind":"beat"`, `"node"`,
/// `"client"` and, if they are set, `"leaving"` and `"missing"`.
std::string encode(const beat& x);

/// Decodes a beat; skips unknown members.
/// @returns nothing for any other message.
std::optional<beat> decode_beat(std::string_view bytes);

} // namespace waybill::redis
