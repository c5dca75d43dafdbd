#include "actors/core/session_metrics.hpp"

namespace waybill {

metric counter_of(errc limit) {
  return limit == errc::node_full ? metric::over_max_sessions
         : limit == errc::id_full ? metric::over_max_sessions_per_id
                                  : metric::over_max_sessions_per_peer;
}

metric counter_of(close_code code) {
  switch (code) {
  case close_code::replaced:
    return metric::replaced_sessions;
  case close_code::kicked:
    return metric::kicked_sessions;
  case close_code::try_again_later:
    return metric::node_queue_closes;
  case close_code::going_away:
  case close_code::internal_error:
  case close_code::policy_violation:
  case close_code::protocol_error:
  case close_code::bad_text:
  case close_code::too_big:
  case close_code::token_expired:
    break;
  }
  return metric::failed_sessions;
}

void count_cut_off(metrics& all, close_code code) {
  all[metric::slow_clients] += code == close_code::try_again_later;
  all[metric::flooding_clients] += code == close_code::policy_violation;
}

bool count_end(metrics& all, const caf::error& reason) {
  if (reason != errc::too_slow && reason != errc::too_fast
      && reason != errc::dropped) {
    ++all[metric::failed_sessions];
    return true;
  }
  all[metric::dropped_frames] += reason.context().get_as<uint64_t>(0);
  return false;
}

} // namespace waybill
