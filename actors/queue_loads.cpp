#include "actors/queue_loads.hpp"

namespace waybill {

void queue_loads::set(caf::actor_id who, uint64_t bytes) {
  if (auto i = loads_.find(who); i != loads_.end()) {
    total_ -= i->second;
    by_size_.erase({i->second, who});
    loads_.erase(i);
  }
  if (bytes == 0)
    return;
  total_ += bytes;
  loads_.emplace(who, bytes);
  by_size_.emplace(bytes, who);
}

} // namespace waybill
