#include "net/auth/permissions.hpp"

namespace waybill::net {

bool allows(const permissions& permissions,
            const push_address& address) noexcept {
  // Who may push to everyone may push to anyone.
  return address == push_address::everyone()
           ? permissions.pattern == "*"
           : matches(permissions.pattern, address.name());
}

} // namespace waybill::net
