#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/error.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/type_id.hpp>

#include "actors/address.hpp"
#include "actors/payload.hpp"
#include "actors/push.hpp"

namespace waybill {

/// A message that a client sent.
struct client_message {
  /// The id of the session that got it.
  std::string id;

  payload body;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, client_message& x) {
  return f(caf::meta::type_name("client_message"), x.id);
}

/// Why a WebSocket ends: the codes of RFC 6455, section 7.4, and Waybill's own.
/// With 4000 to 4499 a client may connect again, from 4500 on it must not.
enum class close_code : uint16_t {
  /// The node is stopping; another will take the client.
  going_away = 1001,
  /// The client broke the protocol.
  protocol_error = 1002,
  /// The client sent a text that is not UTF-8.
  bad_text = 1007,
  /// The client sends too much.
  policy_violation = 1008,
  /// The client sent a message that is larger than it may be.
  too_big = 1009,
  /// The node itself failed.
  internal_error = 1011,
  /// The client reads too slowly: its queue is full.
  try_again_later = 1013,
  /// The client was let in by a token, whose time is over.
  token_expired = 4001,
  /// The API said so.
  kicked = 4500,
  /// A newer session of the same id has taken over.
  replaced = 4501,
};

inline std::string to_string(close_code x) {
  return std::to_string(static_cast<uint16_t>(x));
}

/// What a WebSocket's close frame says.
struct close_reason {
  close_code code;

  /// For people; at most 123 bytes of UTF-8 (RFC 6455, section 5.5).
  std::string text;

  friend bool operator==(const close_reason&, const close_reason&) = default;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, close_reason& x) {
  return f(caf::meta::type_name("close_reason"), x.code, x.text);
}

/// Tells whether pushes can travel between nodes.
enum class bus_state : uint8_t {
  /// They cannot: a push would reach nobody.
  away,
  /// They can, and that was proven.
  ready,
};

inline std::string to_string(bus_state x) {
  return x == bus_state::ready ? "ready" : "away";
}

/// State of the bus, and of those parts of it that may fail alone.
struct bus_status {
  /// Whether pushes can be sent.
  bus_state state = bus_state::away;

  /// Set if a new session can work: its mailbox can be read, and its id can be
  /// claimed if that is needed.
  bool takes_sessions = false;

  /// Set if pushes can be kept.
  bool keeps = false;

  /// The reason why a part does not work, as the other system gives it; empty
  /// if all of them do.
  std::string reason = {};

  friend bool operator==(const bus_status&, const bus_status&) = default;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, bus_status& x) {
  return f(caf::meta::type_name("bus_status"), x.state, x.takes_sessions,
           x.keeps, x.reason);
}

/// Addresses; of those of a session, the first is its id.
using push_addresses = std::vector<push_address>;

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

// Payloads, alone and in these, stay within the process: between nodes a push
// is written as MessagePack by the bus, not by CAF.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waybill::payload)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waybill::push)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waybill::inbox_page)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waybill::client_message)

CAF_BEGIN_TYPE_ID_BLOCK(waybill, caf::first_custom_type_id)

CAF_ADD_TYPE_ID(waybill, (waybill::push_address))
CAF_ADD_TYPE_ID(waybill, (waybill::push_addresses))
CAF_ADD_TYPE_ID(waybill, (waybill::bus_state))
CAF_ADD_TYPE_ID(waybill, (waybill::bus_status))
CAF_ADD_TYPE_ID(waybill, (waybill::close_reason))
CAF_ADD_TYPE_ID(waybill, (waybill::counters))
CAF_ADD_TYPE_ID(waybill, (waybill::trace_events))
CAF_ADD_TYPE_ID(waybill, (waybill::inbox_query))
CAF_ADD_TYPE_ID(waybill, (waybill::outcome))
CAF_ADD_TYPE_ID(waybill, (waybill::report))

CAF_ADD_ATOM(waybill, waybill, admit_atom, "admit")
CAF_ADD_ATOM(waybill, waybill, attach_atom, "attach")
CAF_ADD_ATOM(waybill, waybill, await_atom, "await")
CAF_ADD_ATOM(waybill, waybill, claim_atom, "claim")
CAF_ADD_ATOM(waybill, waybill, confirm_atom, "confirm")
CAF_ADD_ATOM(waybill, waybill, count_atom, "count")
CAF_ADD_ATOM(waybill, waybill, detach_atom, "detach")
CAF_ADD_ATOM(waybill, waybill, deliver_atom, "deliver")
CAF_ADD_ATOM(waybill, waybill, drain_atom, "drain")
CAF_ADD_ATOM(waybill, waybill, forget_atom, "forget")
CAF_ADD_ATOM(waybill, waybill, gone_atom, "gone")
CAF_ADD_ATOM(waybill, waybill, greet_atom, "greet")
CAF_ADD_ATOM(waybill, waybill, hold_atom, "hold")
CAF_ADD_ATOM(waybill, waybill, load_atom, "load")
CAF_ADD_ATOM(waybill, waybill, lost_atom, "lost")
CAF_ADD_ATOM(waybill, waybill, pong_atom, "pong")
CAF_ADD_ATOM(waybill, waybill, presence_atom, "presence")
CAF_ADD_ATOM(waybill, waybill, probe_atom, "probe")
CAF_ADD_ATOM(waybill, waybill, read_atom, "read")
CAF_ADD_ATOM(waybill, waybill, report_atom, "report")
CAF_ADD_ATOM(waybill, waybill, record_atom, "settle")
CAF_ADD_ATOM(waybill, waybill, spend_atom, "spend")
CAF_ADD_ATOM(waybill, waybill, state_atom, "state")
CAF_ADD_ATOM(waybill, waybill, trace_atom, "trace")
CAF_ADD_ATOM(waybill, waybill, written_atom, "written")

CAF_END_TYPE_ID_BLOCK(waybill)

namespace waybill {

using caf::close_atom;
using caf::close_atom_v;
using caf::get_atom;
using caf::get_atom_v;
using caf::join_atom;
using caf::join_atom_v;
using caf::leave_atom;
using caf::leave_atom_v;
using caf::ok_atom;
using caf::ok_atom_v;
using caf::publish_atom;
using caf::publish_atom_v;
using caf::receive_atom;
using caf::receive_atom_v;
using caf::subscribe_atom;
using caf::subscribe_atom_v;
using caf::tick_atom;
using caf::tick_atom_v;

} // namespace waybill
