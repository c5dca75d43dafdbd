#pragma once

#include <cstdint>
#include <list>
#include <vector>

#include <caf/typed_response_promise.hpp>

#include "actors/messages.hpp"

namespace waybill::redis {

/// An address that this node holds, or is about to give up.
struct held_address {
  push_address address;

  /// Set until the address is detached.
  bool held = false;

  /// Pending until every push to the channel is sure to arrive, and the
  /// registry has the kept data of the address.
  caf::typed_response_promise<bool> attached;

  /// Number of the request for the kept data; 0 for none.
  uint64_t completion = 0;

  /// Set unless the mailbox of the id was empty at that request.
  bool has_mail = true;

  /// Messages that arrived after that request, and follow the kept data: a
  /// topic that was kept may have been removed since.
  std::vector<bus_message> arrived;

  /// Pending until Redis confirms UNSUBSCRIBE, the oldest first.
  std::list<caf::typed_response_promise<ok_atom>> detached;
};

} // namespace waybill::redis
