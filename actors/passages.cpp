#include "actors/passages.hpp"

#include <algorithm>

namespace waybill {

void passages::written(const frame& what, uint64_t number) {
  if (auto added = add(what)) {
    added->number = number;
    added->written = trace_time();
  }
}

void passages::received(uint64_t number) {
  if (!ring_)
    return;
  auto now = trace_time();
  for (auto& each : *ring_)
    if (each.written != 0 && each.received == 0 && each.number <= number)
      each.received = now;
}

void passages::dropped(const frame& what) {
  if (auto added = add(what))
    added->dropped = trace_time();
}

hops passages::as_hops(const std::string& id, const std::string& peer) const {
  hops result;
  if (!ring_)
    return result;
  auto add = [&](const passage& of, hop::kind what, int64_t at) {
    if (at != 0)
      result.push_back({id, what, at, of.push, of.delivery, peer});
  };
  if (auto& oldest = (*ring_)[count_ % ring_->size()]; count_ > ring_->size())
    result.push_back({id, hop::kind::forgotten,
                      std::max(oldest.written, oldest.dropped), "", 0, peer});
  for (auto& each : *ring_) {
    add(each, hop::kind::written, each.written);
    add(each, hop::kind::received, each.received);
    add(each, hop::kind::dropped, each.dropped);
  }
  return result;
}

passages::passage* passages::add(const frame& what) {
  auto is_named = what.tracked && what.tracked->where.is_id();
  if (what.delivery == 0 && !is_named)
    return nullptr;
  if (!ring_)
    ring_ = std::make_unique<std::array<passage, 8>>();
  auto& result = (*ring_)[count_++ % ring_->size()];
  result = {is_named ? what.tracked->id : "", what.delivery};
  return &result;
}

} // namespace waybill
