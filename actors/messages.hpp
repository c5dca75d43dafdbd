#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/message.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/type_id.hpp>

#include "actors/core/address.hpp"
#include "actors/core/bus_message.hpp"
#include "actors/core/close_reason.hpp"
#include "actors/core/errc.hpp"
#include "actors/core/figure_history.hpp"
#include "actors/core/metrics.hpp"
#include "actors/core/outcome.hpp"
#include "actors/core/payload.hpp"
#include "actors/core/report.hpp"
#include "actors/core/span.hpp"

namespace waybill {

/// A message that a client sent.
struct client_message {
  /// The id of the session that received it.
  std::string id;

  payload body;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, client_message& x) {
  return f(caf::meta::type_name("client_message"), x.id);
}

/// State of the bus between nodes.
enum class bus_state : uint8_t {
  /// Pushes cannot be sent.
  away,
  /// Pushes can be sent, as a probe has confirmed.
  ready,
};

inline std::string to_string(bus_state x) {
  return x == bus_state::ready ? "ready" : "away";
}

/// State of the bus, and of the functions of it that may fail alone.
struct bus_status {
  /// `ready` if pushes can be sent.
  bus_state state = bus_state::away;

  /// Set if a new session can work: its mailbox can be read, and its id claimed
  /// if needed.
  bool takes_sessions = false;

  /// Set if pushes can be kept.
  bool keeps = false;

  /// The reason why a function fails, in the words of the other system; empty
  /// if all work.
  std::string reason = {};

  friend bool operator==(const bus_status&, const bus_status&) = default;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, bus_status& x) {
  return f(caf::meta::type_name("bus_status"), x.state, x.takes_sessions,
           x.keeps, x.reason);
}

/// Protocol by which a session reaches its client.
enum class transport_kind : uint8_t {
  /// A WebSocket (RFC 6455).
  websocket,
  /// An event stream (WHATWG HTML, section 9.2).
  events,
  /// The same, for clients that get pushes with their names.
  named_websocket,
  named_events,
};

constexpr bool is_stream(transport_kind x) noexcept {
  return x == transport_kind::events || x == transport_kind::named_events;
}

/// Returns whether the client gets pushes with their names, so that its session
/// needs them whole.
constexpr bool is_named(transport_kind x) noexcept {
  return x == transport_kind::named_websocket
         || x == transport_kind::named_events;
}

inline std::string to_string(transport_kind x) {
  return is_stream(x) ? "events" : "websocket";
}

/// List of addresses; the first address of a session is its id.
using push_addresses = std::vector<push_address>;

} // namespace waybill

// Payloads and variants never leave the process by CAF: between nodes, the bus
// encodes them as MessagePack.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waybill::payload)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waybill::push)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waybill::addressed_messages)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waybill::kept_topics)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waybill::numbered_pushes)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waybill::numbered_outcomes)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waybill::inbox_page)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waybill::client_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waybill::figure_history::table)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waybill::report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waybill::query_result)

CAF_BEGIN_TYPE_ID_BLOCK(waybill, caf::first_custom_type_id)

CAF_ADD_TYPE_ID(waybill, (waybill::push_address))
CAF_ADD_TYPE_ID(waybill, (waybill::push_addresses))
CAF_ADD_TYPE_ID(waybill, (waybill::bus_state))
CAF_ADD_TYPE_ID(waybill, (waybill::bus_status))
CAF_ADD_TYPE_ID(waybill, (waybill::close_reason))
CAF_ADD_TYPE_ID(waybill, (waybill::metrics))
CAF_ADD_TYPE_ID(waybill, (waybill::trace_events))
CAF_ADD_TYPE_ID(waybill, (waybill::figure_history::table))
CAF_ADD_TYPE_ID(waybill, (waybill::export_result))
CAF_ADD_TYPE_ID(waybill, (waybill::inbox_query))
CAF_ADD_TYPE_ID(waybill, (waybill::inbox_summary))
CAF_ADD_TYPE_ID(waybill, (waybill::outcome))
CAF_ADD_TYPE_ID(waybill, (waybill::kick))
CAF_ADD_TYPE_ID(waybill, (waybill::query))
CAF_ADD_TYPE_ID(waybill, (waybill::session_info))
CAF_ADD_TYPE_ID(waybill, (waybill::span))
CAF_ADD_TYPE_ID(waybill, (waybill::transport_kind))

CAF_ADD_ATOM(waybill, waybill, admit_atom, "admit")
CAF_ADD_ATOM(waybill, waybill, attach_atom, "attach")
CAF_ADD_ATOM(waybill, waybill, await_atom, "await")
CAF_ADD_ATOM(waybill, waybill, claim_atom, "claim")
CAF_ADD_ATOM(waybill, waybill, confirm_atom, "confirm")
CAF_ADD_ATOM(waybill, waybill, count_atom, "count")
CAF_ADD_ATOM(waybill, waybill, detach_atom, "detach")
CAF_ADD_ATOM(waybill, waybill, deliver_atom, "deliver")
CAF_ADD_ATOM(waybill, waybill, drain_atom, "drain")
CAF_ADD_ATOM(waybill, waybill, drop_atom, "drop")
CAF_ADD_ATOM(waybill, waybill, forget_atom, "forget")
CAF_ADD_ATOM(waybill, waybill, gone_atom, "gone")
CAF_ADD_ATOM(waybill, waybill, greet_atom, "greet")
CAF_ADD_ATOM(waybill, waybill, history_atom, "history")
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
CAF_ADD_ATOM(waybill, waybill, topics_atom, "topics")
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
