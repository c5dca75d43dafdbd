#pragma once

#include <cstdint>
#include <string>

// CAF's error.hpp uses `make_message` before it declares it; all.hpp has both
// in the right order.
#include <caf/all.hpp>

namespace waybill {

/// Errors of requests to actors, and exit reasons of sessions.
enum class errc : uint8_t {
  /// The bus is away and nothing was sent: the request may be repeated. The
  /// context, if any, is the reason.
  bus_away = 1,
  /// The request was sent but not answered: its outcome is unknown.
  unanswered,
  /// The bus answered with an error, which is the context.
  refused,
  /// The address was detached while it was being attached.
  detached,
  /// The mailbox is full: nothing was sent.
  inbox_full,
  /// The idempotency key was used for another push: nothing was sent.
  key_reused,
  /// A push of the same key is still in flight: nothing was sent.
  in_flight,
  /// A client read too slowly, so its session ended. The context is the number
  /// of dropped frames.
  too_slow,
  /// A client sent too much, so its session ended. The context is as above.
  too_fast,
  /// A session ended before it had written all frames. The context is as above.
  dropped,
  /// An actor threw an exception, whose message is the context.
  failed,
  /// The node has reached its limit of sessions.
  node_full,
  /// The node has reached its limit of sessions of this id.
  id_full,
  /// The node has reached its limit of sessions of this peer.
  peer_full,
  /// The node gets pushes faster than it can deliver: nothing was sent.
  busy,
  /// No node holds the address, but nodes that were connected before are still
  /// missing: nothing was sent.
  nodes_missing,
};

inline std::string to_string(errc x) {
  switch (x) {
  case errc::bus_away:
    return "bus_away";
  case errc::unanswered:
    return "unanswered";
  case errc::refused:
    return "refused";
  case errc::detached:
    return "detached";
  case errc::inbox_full:
    return "mailbox_full";
  case errc::key_reused:
    return "key_reused";
  case errc::in_flight:
    return "under_way";
  case errc::too_slow:
    return "too_slow";
  case errc::too_fast:
    return "too_fast";
  case errc::dropped:
    return "dropped";
  case errc::failed:
    return "failed";
  case errc::node_full:
    return "node_full";
  case errc::id_full:
    return "id_full";
  case errc::peer_full:
    return "peer_full";
  case errc::busy:
    return "busy";
  case errc::nodes_missing:
    return "nodes_missing";
  }
  return "unknown";
}

} // namespace waybill

CAF_ERROR_CODE_ENUM(waybill::errc, "waybill")
