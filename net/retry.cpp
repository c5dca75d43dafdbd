#include "net/retry.hpp"

#include <random>

#include "actors/core/retry_schedule.hpp"

namespace waybill::net {

std::chrono::milliseconds spread_retry() {
  std::random_device random;
  std::uniform_int_distribution<int> among{1000, 3000};
  return std::chrono::milliseconds{among(random)};
}

std::chrono::milliseconds retry_of(const close_reason& reason) {
  return reason.retry.count() > 0 ? reason.retry : spread_retry();
}

std::string close_text(const close_reason& reason) {
  auto tells_time = reason.code == close_code::going_away
                    || reason.code == close_code::try_again_later;
  return tells_time ? reason.text + "; retry=" + to_seconds(retry_of(reason))
                    : reason.text;
}

} // namespace waybill::net
