#include "actors/core/delivery_history.hpp"

#include <algorithm>

namespace waybill {

void delivery_history::written(const frame& frame, uint64_t number) {
  if (auto added = add(frame)) {
    added->number = number;
    added->written = trace_time();
  }
}

void delivery_history::received(uint64_t number) {
  if (!ring_)
    return;
  auto now = trace_time();
  for (auto& delivery : *ring_)
    if (delivery.written != 0 && delivery.received == 0
        && delivery.number <= number)
      delivery.received = now;
}

void delivery_history::dropped(const frame& frame) {
  if (auto added = add(frame))
    added->dropped = trace_time();
}

trace_events delivery_history::events(const std::string& id,
                                      const std::string& peer) const {
  trace_events result;
  if (!ring_)
    return result;
  auto add = [&](const delivery& of, trace_event::kind kind, int64_t at) {
    if (at != 0)
      result.push_back({id, kind, at, of.push, of.delivery, peer});
  };
  if (auto& oldest = (*ring_)[count_ % ring_->size()]; count_ > ring_->size())
    result.push_back({id, trace_event::kind::forgotten,
                      std::max(oldest.written, oldest.dropped), "", 0, peer});
  for (auto& delivery : *ring_) {
    add(delivery, trace_event::kind::written, delivery.written);
    add(delivery, trace_event::kind::received, delivery.received);
    add(delivery, trace_event::kind::dropped, delivery.dropped);
  }
  return result;
}

delivery_history::delivery* delivery_history::add(const frame& frame) {
  auto is_named = frame.tracked && frame.tracked->address.is_id();
  if (frame.delivery == 0 && !is_named)
    return nullptr;
  if (!ring_)
    ring_ = std::make_unique<std::array<delivery, 8>>();
  auto& result = (*ring_)[count_++ % ring_->size()];
  result = {is_named ? frame.tracked->id : "", frame.delivery};
  return &result;
}

} // namespace waybill
