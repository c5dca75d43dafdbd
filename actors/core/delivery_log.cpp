#include "actors/core/delivery_log.hpp"

namespace waybill {

uint64_t delivery_log::add(std::string_view id, const std::string& push,
                           uint64_t sessions) {
  auto& record = records_[records_.add(id)];
  record.number = ++count_;
  record.sessions = sessions;
  record.at = trace_time();
  record.push = push;
  return record.number;
}

trace_events delivery_log::events(const std::string& id) const {
  trace_events result;
  records_.for_each(id, [&](const record& x) {
    result.push_back({id,
                      trace_event::kind::delivered,
                      x.at,
                      x.push,
                      x.number,
                      {},
                      x.sessions});
  });
  return result;
}

} // namespace waybill
