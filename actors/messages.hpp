#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/error.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/type_id.hpp>

#include "actors/address.hpp"
#include "actors/payload.hpp"

namespace waybill {

/// The three truths about a push: how far it has come, and how far its pusher
/// wants to know.
enum class level : uint8_t {
  /// A node holds a session for it.
  routed,
  /// Its bytes went to the socket.
  written,
  /// The client's WebSocket stack has read them.
  received,
};

inline std::string to_string(level x) {
  switch (x) {
  case level::routed:
    return "routed";
  case level::written:
    return "written";
  case level::received:
    return "received";
  }
  return "unknown";
}

/// One message on its way to an address.
struct push {
  /// What it is for.
  enum class purpose : uint8_t {
    /// Brings `body` to the clients.
    message,
    /// Closes the sessions.
    kick,
    /// Has the sessions report what they are like.
    inspect,
    /// Tells that a newer session owns the id.
    claim,
  };

  /// Names this push in answers and logs; unique in the cluster.
  std::string id;

  /// What the client gets.
  payload body = {};

  purpose what = purpose::message;

  /// What the sessions report.
  level want = level::routed;

  /// The node that waits for reports; empty if none does.
  std::string reply_to = {};

  /// For how long it is kept until a client has confirmed it; 0: not at all.
  std::chrono::milliseconds ttl{0};

  /// Names its place in the mailbox, if it is kept.
  std::string entry = {};

  /// Of a claim: its number, which is larger than that of any older claim.
  uint64_t claim = 0;

  /// Stands for this push however often it is tried: the pusher's
  /// Idempotency-Key. Only the bus needs it.
  std::string key = {};

  /// For how long the pusher waits. Only the bus needs it, for those who try
  /// `key` again meanwhile.
  std::chrono::milliseconds wait{0};
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, push& x) {
  return f(caf::meta::type_name("push"), x.id);
}

/// Tells whether a push waits for more than the bus' answer.
inline bool needs_receipt(const push& x) {
  return x.want != level::routed || x.what == push::purpose::inspect
         || !x.key.empty();
}

/// Numbers of what a push has reached. Parts of it, reported one after the
/// other, add up.
struct tally {
  /// Nodes that have said how many sessions they hold for it.
  uint64_t nodes = 0;

  /// Sessions that it goes to.
  uint64_t sessions = 0;

  /// Sessions whose socket has taken it.
  uint64_t written = 0;

  /// Sessions whose client has read it.
  uint64_t received = 0;

  /// Sessions that ended before they came as far as was asked.
  uint64_t lost = 0;

  tally& operator+=(const tally& x) {
    nodes += x.nodes;
    sessions += x.sessions;
    written += x.written;
    received += x.received;
    lost += x.lost;
    return *this;
  }

  friend bool operator==(const tally&, const tally&) = default;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, tally& x) {
  return f(caf::meta::type_name("tally"), x.nodes, x.sessions, x.written,
           x.received, x.lost);
}

/// What a session is like.
struct session_info {
  /// The node that holds it.
  std::string node;

  /// The address of the client, as its node sees it.
  std::string peer;

  /// How old it is, in seconds.
  uint64_t age = 0;

  /// How many bytes wait for it.
  uint64_t queue = 0;

  friend bool operator==(const session_info&, const session_info&) = default;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, session_info& x) {
  return f(caf::meta::type_name("session_info"), x.node, x.peer, x.age,
           x.queue);
}

/// What a node, or one of its sessions, tells whoever waits for a push: an
/// addition to what was told before.
struct report {
  /// The push.
  std::string push;

  /// The node that waits for it.
  std::string to;

  /// The node that reports; the bus says so.
  std::string node = {};

  tally counts = {};

  /// Set in the answer to a probe: all that was to be told so far has been.
  bool settled = false;

  /// What the session is like, if that was asked.
  std::vector<session_info> details = {};
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, report& x) {
  return f(caf::meta::type_name("report"), x.push, x.to, x.node, x.counts,
           x.settled, x.details);
}

/// What is known of a push.
struct outcome {
  /// The push; that of the first one, if this one repeats it.
  std::string push;

  /// What the pusher of it asked for.
  level want = level::routed;

  /// Set if it is kept in the mailbox until a client has confirmed it.
  bool kept = false;

  /// `nodes` are all those that it was sent to.
  tally counts = {};

  /// How many of those have not told how it went.
  uint64_t unknown = 0;

  /// What the sessions are like, if that was asked.
  std::vector<session_info> details = {};
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, outcome& x) {
  return f(caf::meta::type_name("outcome"), x.push, x.want, x.kept, x.counts,
           x.unknown, x.details);
}

/// Tells whether a push surely reached nobody, and left nothing behind.
inline bool is_nobody(const outcome& x) {
  return !x.kept && x.unknown == 0
         && (x.want == level::routed ? x.counts.nodes : x.counts.sessions) == 0;
}

/// Asks for a part of a mailbox.
struct mailbox_query {
  push_address where;

  /// The entry behind which it starts; empty for the first of all.
  std::string after = {};

  /// The last entry that is wanted; empty for the last that there is.
  std::string upto = {};

  /// About how many bytes of payload are wanted at once.
  uint64_t max_bytes = 0;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, mailbox_query& x) {
  return f(caf::meta::type_name("mailbox_query"), x.where, x.after, x.upto,
           x.max_bytes);
}

/// A part of a mailbox.
struct mailbox_page {
  /// In the order in which they were pushed.
  std::vector<push> pushes;

  /// The last entry of the mailbox when its first part was read.
  std::string upto;

  /// Set if there is more up to there.
  bool more = false;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, mailbox_page& x) {
  return f(caf::meta::type_name("mailbox_page"), x.upto, x.more);
}

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
  /// The node itself failed.
  internal_error = 1011,
  /// The client reads too slowly: its queue is full.
  try_again_later = 1013,
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

/// Figures by name, as `GET /stats` shows them.
using counters = std::map<std::string, uint64_t>;

/// Addresses; of those of a session, the first is its id.
using push_addresses = std::vector<push_address>;

/// Why a request to an actor failed.
enum class errc : uint8_t {
  /// The bus is away and nothing was sent: the request may be repeated.
  bus_away = 1,
  /// The request was sent and its answer never came: nobody knows.
  unanswered,
  /// The bus answered with an error of its own, which the context holds.
  refused,
  /// The address was given up while it was being attached.
  detached,
  /// The mailbox is full: nothing was sent.
  mailbox_full,
  /// The key of this push was used for another one: nothing was sent.
  key_reused,
  /// A push of the same key is still under way: nothing was sent.
  under_way,
  /// A session's client did not read: its queue was dropped. The context says
  /// how many frames.
  too_slow,
  /// A session ended before it had written all frames. The context says how
  /// many are lost.
  dropped,
  /// An actor threw an exception, which the context holds.
  failed,
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
  case errc::mailbox_full:
    return "mailbox_full";
  case errc::key_reused:
    return "key_reused";
  case errc::under_way:
    return "under_way";
  case errc::too_slow:
    return "too_slow";
  case errc::dropped:
    return "dropped";
  case errc::failed:
    return "failed";
  }
  return "unknown";
}

} // namespace waybill

CAF_ERROR_CODE_ENUM(waybill::errc, "waybill")

// Payloads, alone and in these, stay within the process: between nodes a push
// is written as MessagePack by the bus, not by CAF.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waybill::payload)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waybill::push)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waybill::mailbox_page)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waybill::client_message)

CAF_BEGIN_TYPE_ID_BLOCK(waybill, caf::first_custom_type_id)

CAF_ADD_TYPE_ID(waybill, (waybill::push_address))
CAF_ADD_TYPE_ID(waybill, (waybill::push_addresses))
CAF_ADD_TYPE_ID(waybill, (waybill::bus_state))
CAF_ADD_TYPE_ID(waybill, (waybill::close_reason))
CAF_ADD_TYPE_ID(waybill, (waybill::counters))
CAF_ADD_TYPE_ID(waybill, (waybill::mailbox_query))
CAF_ADD_TYPE_ID(waybill, (waybill::outcome))
CAF_ADD_TYPE_ID(waybill, (waybill::report))

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
CAF_ADD_ATOM(waybill, waybill, lost_atom, "lost")
CAF_ADD_ATOM(waybill, waybill, pong_atom, "pong")
CAF_ADD_ATOM(waybill, waybill, presence_atom, "presence")
CAF_ADD_ATOM(waybill, waybill, probe_atom, "probe")
CAF_ADD_ATOM(waybill, waybill, read_atom, "read")
CAF_ADD_ATOM(waybill, waybill, report_atom, "report")
CAF_ADD_ATOM(waybill, waybill, settle_atom, "settle")
CAF_ADD_ATOM(waybill, waybill, state_atom, "state")
CAF_ADD_ATOM(waybill, waybill, written_atom, "written")

CAF_END_TYPE_ID_BLOCK(waybill)

namespace waybill {

using caf::close_atom;
using caf::close_atom_v;
using caf::get_atom;
using caf::get_atom_v;
using caf::join_atom;
using caf::join_atom_v;
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
