#include "redis/health.hpp"

#include <utility>

namespace waybill::redis {

void health::on_link_up() {
  linked_ = true;
  heard_ = checked_ = false;
  canary_error_.clear();
  stopped_.clear();
}

void health::on_link_down(const std::string& reason) {
  linked_ = false;
  away_ = reason;
}

void health::on_check(check_result result) {
  checked_ = true;
  stopped_.clear();
  check_ = std::move(result);
}

bus_status health::status() const {
  auto away = [](const std::string& reason) {
    return bus_status{bus_state::away, false, false, reason};
  };
  if (!linked_)
    return away(away_);
  for (auto* reason : {&canary_error_, &stopped_, &rival_})
    if (!reason->empty())
      return away(*reason);
  if (!heard_ || !checked_ || !named_)
    return away("Redis is connected; its checks are not complete");
  bus_status result{bus_state::ready, check_.reading.empty(),
                    check_.keeping.empty()};
  if (claims_)
    result.takes_sessions = result.takes_sessions && check_.claiming.empty();
  result.reason = !check_.reading.empty() ? check_.reading : check_.keeping;
  if (claims_ && result.reason.empty())
    result.reason = check_.claiming;
  return result;
}

} // namespace waybill::redis
