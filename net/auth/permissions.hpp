#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/core/address.hpp"
#include "net/auth/api_keys.hpp"
#include "net/auth/origin.hpp"
#include "net/auth/tokens.hpp"

namespace waybill::net {

/// Who may do what at a node. Never changed: all loops read the same one, until
/// each is given another.
struct access_policy {
  /// Set if a client needs a token.
  std::optional<token_rules> tokens;

  /// Set if a pusher needs a key.
  std::optional<api_keys> keys;

  /// Whose pages may come, besides those of the host that they ask for.
  std::vector<origin> origins;
};

using access_policy_ptr = std::shared_ptr<const access_policy>;

/// What who sent a request may do.
struct permissions {
  /// The name of the key that it came with; empty if none was needed.
  std::string pusher = {};

  /// What the name of an address has to match.
  std::string pattern = "*";

  /// When a session has to end.
  std::optional<std::chrono::system_clock::time_point> expiry = {};

  /// The subprotocol to agree on (RFC 6455, section 1.9), or nothing.
  std::string protocol = {};
};

/// Tells whether a key's pattern lets a push through to `where`.
bool allows(const permissions& permissions,
            const push_address& address) noexcept;

} // namespace waybill::net
