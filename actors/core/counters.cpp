#include "actors/core/counters.hpp"

#include <caf/exit_reason.hpp>

namespace waybill {

counters initial_counters() {
  counters result;
  for (auto name : {"joins",
                    "deliveries",
                    "slow_clients",
                    "flooding_clients",
                    "dropped_frames",
                    "failed_sessions",
                    "tls_failures",
                    "proxy_failures",
                    "kicked_sessions",
                    "node_queue_closes",
                    "over_max_connection_rate",
                    "over_max_push_rate",
                    "over_max_request_memory",
                    "over_max_sessions",
                    "over_max_sessions_per_id",
                    "over_max_sessions_per_peer",
                    "replaced_sessions",
                    "kept_pushes",
                    "mailbox_read",
                    "mailbox_milliseconds",
                    "refused_connections",
                    "refused_requests",
                    "refused_tokens",
                    "refused_keys",
                    "refused_origins",
                    "silent_connections",
                    "unread_answers"})
    result[name] = 0;
  return result;
}

const char* counter_of(errc limit) {
  return limit == errc::node_full ? "over_max_sessions"
         : limit == errc::id_full ? "over_max_sessions_per_id"
                                  : "over_max_sessions_per_peer";
}

const char* counter_of(close_code code) {
  switch (code) {
  case close_code::replaced:
    return "replaced_sessions";
  case close_code::kicked:
    return "kicked_sessions";
  case close_code::try_again_later:
    return "node_queue_closes";
  case close_code::going_away:
  case close_code::internal_error:
  case close_code::policy_violation:
  case close_code::protocol_error:
  case close_code::bad_text:
  case close_code::too_big:
  case close_code::token_expired:
    break;
  }
  return "failed_sessions";
}

void count_cut_off(counters& all, close_code code) {
  all["slow_clients"] += code == close_code::try_again_later;
  all["flooding_clients"] += code == close_code::policy_violation;
}

bool count_end(counters& all, const caf::error& reason) {
  if (reason != errc::too_slow && reason != errc::too_fast
      && reason != errc::dropped) {
    ++all["failed_sessions"];
    return true;
  }
  all["dropped_frames"] += reason.context().get_as<uint64_t>(0);
  return false;
}

} // namespace waybill
