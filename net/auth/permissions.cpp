#include "net/auth/permissions.hpp"

namespace waybill::net {

bool allows(const permissions& permissions,
            const push_address& address) noexcept {
  // A broadcast reaches every id, so it needs the pattern for all of them.
  return address == push_address::everyone()
           ? permissions.pattern == "*"
           : matches(permissions.pattern, address.name());
}

} // namespace waybill::net
