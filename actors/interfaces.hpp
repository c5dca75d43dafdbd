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
  caf::reacts_to<bus_state>>;

/// Takes what clients send.
using upstream_actor = caf::typed_actor<
  // A client sent a message.
  caf::reacts_to<client_message>>;

/// One WebSocket.
using session_actor = caf::typed_actor<
  // Every node can reach this session now.
  caf::reacts_to<greet_atom>,
  // A push for the client.
  caf::reacts_to<deliver_atom, payload>,
  // The transport has given its frame to the socket.
  caf::reacts_to<written_atom>,
  // The client sent a message.
  caf::reacts_to<receive_atom, payload>,
  // Ends this session once what is queued has been written.
  caf::reacts_to<close_atom, close_reason>,
  // The socket is closed.
  caf::reacts_to<gone_atom>>;

/// Maps addresses to the sessions of one node.
using registry_actor = caf::typed_actor<
  // A session answers to an address from now on; it is greeted when it can be
  // reached, and forgotten when it is down.
  caf::reacts_to<join_atom, push_address, session_actor>,
  // A push for all sessions of an address.
  caf::reacts_to<deliver_atom, push_address, push>,
  // The state of the bus changed.
  caf::reacts_to<bus_state>,
  // Gives all addresses back and closes their sessions, spread over a time;
  // answers when the last session has gone.
  caf::replies_to<drain_atom, caf::timespan>::with<ok_atom>,
  // Drains the next share of the sessions.
  caf::reacts_to<tick_atom>,
  // Adds one to a figure of this node.
  caf::reacts_to<count_atom, std::string>,
  // The figures of this node.
  caf::replies_to<get_atom>::with<counters>>;

/// Carries pushes between nodes.
using bus_actor = caf::typed_actor<
  // Tells an observer the state of the bus, now and whenever it changes.
  caf::reacts_to<subscribe_atom, observer_actor>,
  // Brings the pushes to an address to a registry. Answers when a push to it
  // on any node, begun after the answer, will arrive.
  caf::replies_to<attach_atom, push_address, registry_actor>::with<ok_atom>,
  // Ends that. Answers when the last push that counted this node has been
  // brought to the registry.
  caf::replies_to<detach_atom, push_address, registry_actor>::with<ok_atom>,
  // Brings a push to all nodes that hold its address; answers how many.
  caf::replies_to<publish_atom, push_address, push>::with<uint64_t>,
  // Answers how many nodes hold an address.
  caf::replies_to<presence_atom, push_address>::with<uint64_t>,
  // The state of the bus.
  caf::replies_to<state_atom>::with<bus_state>,
  // The figures of the bus.
  caf::replies_to<get_atom>::with<counters>>;

/// Stands between one event loop's connections and the actors.
using gateway_actor = caf::typed_actor<
  // The node is stopping: no more sessions.
  caf::reacts_to<drain_atom>>;

} // namespace waybill

CAF_BEGIN_TYPE_ID_BLOCK(waybill_actors, caf::id_block::waybill::end)

CAF_ADD_TYPE_ID(waybill_actors, (waybill::observer_actor))
CAF_ADD_TYPE_ID(waybill_actors, (waybill::registry_actor))
CAF_ADD_TYPE_ID(waybill_actors, (waybill::session_actor))

CAF_END_TYPE_ID_BLOCK(waybill_actors)
