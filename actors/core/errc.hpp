#pragma once

#include <cstdint>
#include <string>

#include <caf/error.hpp>

namespace waybill {

/// Why a request to an actor failed.
enum class errc : uint8_t {
  /// The bus is away and nothing was sent: the request may be repeated. The
  /// context, if there is one, says why.
  bus_away = 1,
  /// The request was sent and its answer never came: nobody knows.
  unanswered,
  /// The bus answered with an error of its own, which the context holds.
  refused,
  /// The address was given up while it was being attached.
  detached,
  /// The mailbox is full: nothing was sent.
  inbox_full,
  /// The key of this push was used for another one: nothing was sent.
  key_reused,
  /// A push of the same key is still under way: nothing was sent.
  in_flight,
  /// A session's client did not read: its queue was dropped. The context says
  /// how many frames.
  too_slow,
  /// A session's client sent too much: its queue was dropped, as above.
  too_fast,
  /// A session ended before it had written all frames. The context says how
  /// many are lost.
  dropped,
  /// An actor threw an exception, which the context holds.
  failed,
  /// The node holds as many sessions as it may.
  node_full,
  /// It holds as many of that id.
  id_full,
  /// It holds as many of that peer.
  peer_full,
  /// The node is pushed to faster than it can deliver: nothing was sent.
  busy,
  /// Nobody holds the address now, but nodes that were there a moment ago are
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
