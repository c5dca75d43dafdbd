#include "redis/slot_moves.hpp"

#include <algorithm>

namespace waybill::redis {

void slot_moves::on_moved(const slot_set& slots, time_point now) {
  forget_old(now);
  if (slots.any())
    moves_.push_back({slots, now});
}

bool slot_moves::has(uint16_t slot, time_point now) {
  forget_old(now);
  return std::any_of(moves_.begin(), moves_.end(),
                     [slot](const move& x) { return x.slots.test(slot); });
}

void slot_moves::forget_old(time_point now) {
  while (!moves_.empty() && now - moves_.front().when >= time)
    moves_.pop_front();
}

} // namespace waybill::redis
