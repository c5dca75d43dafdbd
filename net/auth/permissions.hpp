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

/// The access rules of a node. Immutable: all loops share one, until each gets
/// the next.
struct access_policy {
  /// Set if clients need a token.
  std::optional<token_rules> tokens;

  /// Set if pushers need a key.
  std::optional<api_keys> keys;

  /// Additional origins whose pages may connect.
  std::vector<origin> origins;
};

using access_policy_ptr = std::shared_ptr<const access_policy>;

/// The permissions of the sender of a request.
struct permissions {
  /// The name of its key; empty if no key is required.
  std::string pusher = {};

  /// The pattern that the name of an address must match.
  std::string pattern = "*";

  /// The time at which the session must end.
  std::optional<std::chrono::system_clock::time_point> expiry = {};

  /// The subprotocol to select (RFC 6455, section 1.9); empty for none.
  std::string protocol = {};

  /// The origin of the page that may read the response; empty for none.
  std::string origin = {};
};

/// Tells whether `permissions` cover pushes to `address`.
bool allows(const permissions& permissions,
            const push_address& address) noexcept;

} // namespace waybill::net
