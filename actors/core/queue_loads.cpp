#include "actors/core/queue_loads.hpp"

namespace waybill {

void queue_loads::set(caf::actor_id session, uint64_t bytes) {
  if (auto i = loads_.find(session); i != loads_.end()) {
    total_ -= i->second;
    by_size_.erase({i->second, session});
    loads_.erase(i);
  }
  if (bytes == 0)
    return;
  total_ += bytes;
  loads_.emplace(session, bytes);
  by_size_.emplace(bytes, session);
}

} // namespace waybill
