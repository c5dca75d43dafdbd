#pragma once

#include <string>

#include <caf/replies_to.hpp>
#include <caf/timespan.hpp>
#include <caf/typed_actor.hpp>

#include "actors/messages.hpp"

namespace waybill {

/// Follows whether the bus is ready.
using observer_actor = caf::typed_actor<
  // The state of the bus from now on.
  caf::reacts_to<bus_status>>;

/// Takes what clients send.
using upstream_actor = caf::typed_actor<
  // A client sent a message.
  caf::reacts_to<client_message>>;

/// One WebSocket.
using session_actor = caf::typed_actor<
  // Every node can reach this session now, for the first time or again.
  caf::reacts_to<greet_atom>,
  // Pushes may have missed this session, until it is greeted again.
  caf::reacts_to<hold_atom>,
  // A push for the client of which nothing need be told. A number names it in
  // the trace of its id; 0 if it is not for the id.
  caf::reacts_to<deliver_atom, payload, uint64_t>,
  // A push to one of this session's addresses.
  caf::reacts_to<deliver_atom, push_address, push>,
  // The transport has given its frame to the socket.
  caf::reacts_to<written_atom>,
  // The client has read the frame of that number and all before it.
  caf::reacts_to<pong_atom, uint64_t>,
  // The client sent a message.
  caf::reacts_to<receive_atom, payload>,
  // Ends this session once what is queued has been written.
  caf::reacts_to<close_atom, close_reason>,
  // The client that is to confirm the last frames has had its time.
  caf::reacts_to<tick_atom>,
  // What it knows of the last pushes to its id.
  caf::replies_to<trace_atom>::with<trace_events>,
  // The WebSocket has ended, or its client has said good-bye.
  caf::reacts_to<gone_atom>>;

/// Maps addresses to the sessions of one node.
using registry_actor = caf::typed_actor<
  // Takes a place for an id and a peer who is about to join; `errc::node_full`,
  // `errc::id_full` or `errc::peer_full` if there is none.
  caf::replies_to<admit_atom, std::string, std::string>::with<ok_atom>,
  // Gives it back: its session has joined, or never will.
  caf::reacts_to<leave_atom, std::string, std::string>,
  // A session of a peer answers to addresses from now on, the first of which is
  // its id; it is greeted when it can be reached, and forgotten when it is
  // down.
  caf::reacts_to<join_atom, push_addresses, std::string, session_actor>,
  // The sender, a session, ends for that reason: it can be reached no more.
  caf::reacts_to<close_atom, close_reason>,
  // A push for all sessions of an address, or a question to all nodes.
  caf::reacts_to<deliver_atom, push_address, push>,
  // Takes questions to all nodes from now on.
  caf::reacts_to<attach_atom>,
  // What happened to pushes or sessions, for the traces of their ids.
  caf::reacts_to<trace_atom, trace_events>,
  // Pushes to these addresses are missed until they are attached again.
  caf::reacts_to<lost_atom, push_addresses>,
  // The state of the bus, or of a part of it. When it is ready, what is lost
  // can be attached again, and what could not be done can be tried again.
  caf::reacts_to<bus_state>,
  // A part of a mailbox, as soon as the bus can read it. Answered behind all
  // pushes that came before it.
  caf::replies_to<read_atom, inbox_query>::with<inbox_page>,
  // Gives all addresses back and closes their sessions, spread over a time;
  // answers when the last session has gone.
  caf::replies_to<drain_atom, caf::timespan>::with<ok_atom>,
  // Drains the next share of the sessions.
  caf::reacts_to<tick_atom>,
  // Counts so many pushes of a pusher; answers how long to wait before they may
  // be made, and 0 if they may be made now.
  caf::replies_to<spend_atom, std::string, uint64_t>::with<caf::timespan>,
  // How many bytes of memory the queue of the sender, a session, takes.
  caf::reacts_to<load_atom, uint64_t>,
  // Adds to a figure of this node.
  caf::reacts_to<count_atom, std::string, uint64_t>,
  // Adds to several.
  caf::reacts_to<count_atom, counters>,
  // The figures of this node.
  caf::replies_to<get_atom>::with<counters>>;

/// Gathers what becomes of one push.
using receipt_actor = caf::typed_actor<
  // Pushes, and answers when all is known or the time is up.
  caf::replies_to<get_atom>::with<outcome>,
  // What a node or a session tells.
  caf::reacts_to<report>,
  // Tries again: another push of the same key was under way.
  caf::reacts_to<publish_atom>,
  // The time is up: for the pusher, then for the nodes that were probed.
  caf::reacts_to<tick_atom>>;

/// Carries pushes between nodes.
using bus_actor = caf::typed_actor<
  // Tells an observer the state of the bus, now and whenever it changes.
  caf::reacts_to<subscribe_atom, observer_actor>,
  // Brings the pushes to an address to a registry. Answers when a push to it
  // on any node, begun after the answer, will arrive; `errc::bus_away` if it
  // must be asked again when the bus is ready.
  caf::replies_to<attach_atom, push_address, registry_actor>::with<ok_atom>,
  // Ends that. Answers when the last push that counted this node has been
  // brought to the registry.
  caf::replies_to<detach_atom, push_address, registry_actor>::with<ok_atom>,
  // Brings a push to all nodes that hold its address, and keeps it if it has a
  // `ttl`. Answers how many those are, or what became of it before.
  caf::replies_to<publish_atom, push_address, push>::with<outcome>,
  // Brings the reports of a push, by its id, to a receipt from now on.
  caf::reacts_to<await_atom, push_address, std::string, receipt_actor>,
  // Ends that.
  caf::reacts_to<forget_atom, push_address, std::string>,
  // Brings a report to the node that waits for it.
  caf::reacts_to<report_atom, push_address, report>,
  // Has a node, by its name, settle a push, by its id. Answers how many nodes
  // of that name there are; the report comes when it is done.
  caf::replies_to<probe_atom, push_address, std::string,
                  std::string>::with<uint64_t>,
  // Remembers what became of a push, for those who try its key again; frees
  // the key if it reached and left nothing.
  caf::reacts_to<record_atom, push_address, std::string, outcome>,
  // A part of a mailbox.
  caf::replies_to<read_atom, inbox_query>::with<inbox_page>,
  // A client has confirmed this entry of its mailbox and all before it.
  caf::reacts_to<confirm_atom, push_address, std::string>,
  // Makes a session the owner of an id in the whole cluster; answers with the
  // number of its claim.
  caf::replies_to<claim_atom, push_address>::with<uint64_t>,
  // Answers how many nodes hold an address.
  caf::replies_to<presence_atom, push_address>::with<uint64_t>,
  // The number of the claim that owns an id; 0 if that is not known.
  caf::replies_to<get_atom, push_address>::with<uint64_t>,
  // The state of the bus.
  caf::replies_to<state_atom>::with<bus_status>,
  // The state of that part of it which carries pushes to an address.
  caf::replies_to<state_atom, push_address>::with<bus_status>,
  // This node ends in order: its sessions have gone, and it is not missed.
  caf::reacts_to<leave_atom>,
  // The figures of the bus.
  caf::replies_to<get_atom>::with<counters>>;

/// Stands between one event loop's connections and the actors.
using gateway_actor = caf::typed_actor<
  // The node is stopping: no more sessions.
  caf::reacts_to<drain_atom>,
  // Tells the registry what was noted.
  caf::reacts_to<tick_atom>>;

} // namespace waybill

CAF_BEGIN_TYPE_ID_BLOCK(waybill_actors, caf::id_block::waybill::end)

CAF_ADD_TYPE_ID(waybill_actors, (waybill::observer_actor))
CAF_ADD_TYPE_ID(waybill_actors, (waybill::receipt_actor))
CAF_ADD_TYPE_ID(waybill_actors, (waybill::registry_actor))
CAF_ADD_TYPE_ID(waybill_actors, (waybill::session_actor))

CAF_END_TYPE_ID_BLOCK(waybill_actors)
