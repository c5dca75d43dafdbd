#include "actors/core/push_log.hpp"

namespace waybill {

push_log::entry push_log::taken(std::string_view id, uint64_t number,
                                const push& push) {
  auto position = records_.add(id);
  auto& record = records_[position];
  record = {record.id, number, push.body.size(), trace_time(),
            0,         0,      push.want,        push.context};
  return {number, position};
}

void push_log::answered(entry entry, uint16_t status) {
  if (entry.position == unrecorded)
    return;
  auto& record = records_[entry.position];
  if (record.number != entry.number)
    return;
  record.answered = trace_time();
  record.status = status;
}

trace_events push_log::events(const std::string& id,
                              const std::string& prefix) const {
  using kind = trace_event::kind;
  trace_events result;
  records_.for_each(id, [&](const record& x) {
    auto push = prefix + std::to_string(x.number);
    result.push_back({id,
                      kind::taken,
                      x.taken,
                      push,
                      0,
                      {},
                      x.bytes,
                      to_string(x.want),
                      x.context ? trace_id_of(*x.context) : ""});
    if (x.status != 0)
      result.push_back({id, kind::answered, x.answered, push, 0, {}, x.status});
  });
  return result;
}

} // namespace waybill
