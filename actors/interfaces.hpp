#pragma once

#include <string>

#include <caf/replies_to.hpp>
#include <caf/timespan.hpp>
#include <caf/typed_actor.hpp>

#include "actors/messages.hpp"

namespace waybill {

/// Observes the state of the bus.
using observer_actor = caf::typed_actor<
  // The state of the bus has changed.
  caf::reacts_to<bus_status>>;

/// Receives the reports of a push or a query.
using report_receiver_actor = caf::typed_actor<
  // A report of a node or a session.
  caf::reacts_to<report>>;

/// Receives the outcomes of the pushes that it published together.
using outcome_receiver_actor = caf::typed_actor<
  // Outcomes of some of them.
  caf::reacts_to<numbered_outcomes>>;

/// Receives messages from clients.
using upstream_actor = caf::typed_actor<
  // A client sent a message.
  caf::reacts_to<client_message>>;

/// Exports the spans of a node.
using span_processor_actor = caf::typed_actor<
  // Queues a span.
  caf::reacts_to<span>,
  // Exports the spans that are queued.
  caf::reacts_to<tick_atom>,
  // The result of the last export.
  caf::reacts_to<export_result>,
  // Exports the queue at once. Answers when it is empty, when that fails, or
  // after a short time.
  caf::replies_to<drain_atom>::with<ok_atom>,
  // That time has passed.
  caf::reacts_to<gone_atom>>;

/// The reachability of a session.
using reachability_protocol = caf::typed_actor<
  // Every node can reach this session now, for the first time or again. The
  // flag is false if the mailbox was empty when that began.
  caf::reacts_to<greet_atom, bool>,
  // Pushes may miss this session until it is greeted again.
  caf::reacts_to<hold_atom>>;

/// The pushes to a session.
using delivery_protocol = caf::typed_actor<
  // A push that needs no report, with the number of the delivery in the trace
  // of the id; 0 if the push is not for the id.
  caf::reacts_to<deliver_atom, payload, uint64_t>,
  // A push to one of this session's addresses.
  caf::reacts_to<deliver_atom, push_address, push>,
  // Returns its trace events of the last pushes to its id.
  caf::replies_to<trace_atom>::with<trace_events>,
  // Returns the details of this session, but for its topics.
  caf::replies_to<get_atom>::with<session_info>>;

/// The events of the transport of a session.
using transport_protocol = caf::typed_actor<
  // The socket has taken the frame in flight.
  caf::reacts_to<written_atom>,
  // The client has read the frame of that number and all before it.
  caf::reacts_to<pong_atom, uint64_t>,
  // The client has confirmed this entry of its mailbox and all before it by a
  // request of its own.
  caf::reacts_to<confirm_atom, std::string>,
  // The client sent a message.
  caf::reacts_to<receive_atom, payload>,
  // The client has sent a close frame, or the connection has ended.
  caf::reacts_to<gone_atom>>;

/// The end of a session.
using closing_protocol = caf::typed_actor<
  // Ends this session after its queue has been written.
  caf::reacts_to<close_atom, close_reason>,
  // A time limit of the end of this session has passed.
  caf::reacts_to<tick_atom>>;

/// Owns one WebSocket or event stream.
using session_actor
  = reachability_protocol::extend_with<delivery_protocol, transport_protocol,
                                       closing_protocol>;

/// The sessions of a node, from their admission to their end.
using membership_protocol = caf::typed_actor<
  // Reserves a slot for an id and a peer; `errc::node_full`, `errc::id_full` or
  // `errc::peer_full` if there is none. Returns the state of the bus for the
  // id.
  caf::replies_to<admit_atom, std::string, std::string>::with<bus_status>,
  // Releases the slot: its session has joined, or never will.
  caf::reacts_to<leave_atom, std::string, std::string>,
  // Adds a session of a peer to addresses, the first of which is its id. The
  // session is greeted when it can be reached, and removed when it is down.
  caf::reacts_to<join_atom, push_addresses, std::string, transport_kind,
                 session_actor>,
  // The sender, a session, ends for that reason and gives up its addresses.
  caf::reacts_to<close_atom, close_reason>,
  // The memory of the queue of the sender, a session, in bytes.
  caf::reacts_to<load_atom, uint64_t>,
  // The number of frames that the sender, a session, has dropped.
  caf::reacts_to<drop_atom, uint64_t>>;

/// Collects the metrics of a node.
using collector_actor = caf::typed_actor<
  // Adds the counts of an event loop.
  caf::reacts_to<count_atom, metrics>,
  // Returns the metrics of the node.
  caf::replies_to<get_atom>::with<metrics>,
  // Reports the metrics of the node as its answer to a query.
  caf::reacts_to<report_atom, push_address, query>,
  // Returns the figures of the node in the last hour.
  caf::replies_to<history_atom>::with<figure_history::table>,
  // Adds to these figures those of the last seconds.
  caf::reacts_to<tick_atom>>;

/// Connects the HTTP connections of one event loop to the actors.
using gateway_actor = outcome_receiver_actor::extend<
  // Publishes the pushes that are queued.
  caf::reacts_to<publish_atom>,
  // The node is stopping and accepts no more sessions.
  caf::reacts_to<drain_atom>,
  // Returns its trace events of the last pushes to an id.
  caf::replies_to<trace_atom, std::string>::with<trace_events>,
  // Sends collected counts to the collector.
  caf::reacts_to<tick_atom>>;

/// The bus, to the registry of its node.
using bus_event_protocol = caf::typed_actor<
  // Messages to addresses of this node: pushes to their sessions, kicks,
  // claims, and queries, which it answers by a report.
  caf::reacts_to<deliver_atom, addressed_messages>,
  // Sessions of this id join these topics; comes before the answer to the
  // request that attaches the id.
  caf::reacts_to<topics_atom, push_address, kept_topics>,
  // Pushes to these addresses are missed until they are attached again.
  caf::reacts_to<lost_atom, push_addresses>,
  // The state of the bus, or of a part of it. When it is ready, lost addresses
  // are attached again, and failed requests are repeated.
  caf::reacts_to<bus_state>,
  // Attaches the address for queries to all nodes. The collector answers those
  // for metrics.
  caf::reacts_to<attach_atom, collector_actor>>;

/// The inboxes of sessions, by way of their registry.
using inbox_relay_protocol = caf::typed_actor<
  // A client has confirmed this entry of its mailbox and all before it.
  caf::reacts_to<confirm_atom, push_address, std::string>,
  // Returns a page of a mailbox, as soon as the bus can read it and after all
  // pushes that arrived before it.
  caf::replies_to<read_atom, inbox_query>::with<inbox_page>>;

/// The orderly end of a node.
using drain_protocol = caf::typed_actor<
  // Detaches all addresses and closes their sessions, spread over a time;
  // answers when the last session has ended.
  caf::replies_to<drain_atom, caf::timespan>::with<ok_atom>,
  // Drains the next share of the sessions.
  caf::reacts_to<tick_atom>>;

/// The traces of a node, the rates of its pushers, and the metrics of its
/// registry.
using accounting_protocol = caf::typed_actor<
  // A gateway of this node, which has a part of each trace.
  caf::reacts_to<attach_atom, gateway_actor>,
  // Adds events of a session that ends to the traces of their ids.
  caf::reacts_to<trace_atom, trace_events>,
  // Takes a number of tokens from the push rate of a pusher. Returns the time
  // to wait until there are as many; 0 if they were taken.
  caf::replies_to<spend_atom, std::string, uint64_t>::with<caf::timespan>,
  // Returns the number of sessions that an address has on this node.
  caf::replies_to<presence_atom, push_address>::with<uint64_t>,
  // Returns the metrics of the registry.
  caf::replies_to<get_atom>::with<metrics>>;

/// Maps addresses to the sessions of one node.
using registry_actor
  = membership_protocol::extend_with<bus_event_protocol, inbox_relay_protocol,
                                     drain_protocol, accounting_protocol>;

/// Adds up the reports of one push.
using receipt_actor = report_receiver_actor::extend<
  // Publishes the push. Returns its outcome when it is complete or the time is
  // up.
  caf::replies_to<get_atom>::with<outcome>,
  // Retries, after another push of the same key was in flight.
  caf::reacts_to<publish_atom>,
  // The time is up: for the pusher, then for the nodes that were probed.
  caf::reacts_to<tick_atom>>;

/// Gathers the answers to one query.
using survey_actor = report_receiver_actor::extend<
  // Publishes the query. Returns its result when all nodes have answered or the
  // time is up.
  caf::replies_to<get_atom>::with<query_result>,
  // The time is up.
  caf::reacts_to<tick_atom>>;

/// The addresses that a node holds.
using subscription_protocol = caf::typed_actor<
  // Delivers pushes to an address to a registry. Answers when every later push
  // from any node will arrive, before it delivers the last value of a topic and
  // such pushes: what is delivered earlier is for nobody. Returns false if the
  // mailbox of an id was empty at a time since which pushes arrive.
  // `errc::bus_away` if the request must be repeated when the bus is ready.
  caf::replies_to<attach_atom, push_address, registry_actor>::with<bool>,
  // Stops delivery. Answers when the last push that counted this node has been
  // delivered.
  caf::replies_to<detach_atom, push_address, registry_actor>::with<ok_atom>,
  // Returns the number of nodes that hold an address.
  caf::replies_to<presence_atom, push_address>::with<uint64_t>>;

/// The way of a message to other nodes, and of the outcome of a push.
using publish_protocol = caf::typed_actor<
  // Sends a push to all nodes that hold its address, and keeps it if it has a
  // `ttl`. Returns the number of those nodes, or the outcome of the first push
  // of the same key.
  caf::replies_to<publish_atom, push_address, push>::with<outcome>,
  // Sends pushes in the same way. Sends the actor the outcome of each as soon
  // as it is known.
  caf::reacts_to<publish_atom, numbered_pushes, outcome_receiver_actor>,
  // Sends a request to close sessions to all nodes that hold their id. Returns
  // the number of those nodes.
  caf::replies_to<publish_atom, push_address, kick>::with<uint64_t>,
  // Sends a query to all nodes that hold an address, and keeps or removes the
  // topic of one that changes those of an id. Returns the number of those
  // nodes.
  caf::replies_to<publish_atom, push_address, query>::with<uint64_t>,
  // Records the outcome of a push for its idempotency key; removes the key if
  // the push reached no session and is not kept.
  caf::reacts_to<record_atom, push_address, std::string, outcome>>;

/// The reports of a push or a query.
using report_protocol = caf::typed_actor<
  // Subscribes an actor to the reports of a push or a query, by its id.
  caf::reacts_to<await_atom, push_address, std::string, report_receiver_actor>,
  // Ends that subscription.
  caf::reacts_to<forget_atom, push_address, std::string>,
  // Sends a report to the node that waits for it.
  caf::reacts_to<report_atom, push_address, report>,
  // Requests all due reports of a push, by its id, from a node, by its name.
  // Returns the number of nodes of that name; a report says when it is done.
  caf::replies_to<probe_atom, push_address, std::string,
                  std::string>::with<uint64_t>>;

/// The inboxes of the cluster.
using inbox_protocol = caf::typed_actor<
  // Returns a page of a mailbox.
  caf::replies_to<read_atom, inbox_query>::with<inbox_page>,
  // Returns a summary of a mailbox.
  caf::replies_to<read_atom, push_address>::with<inbox_summary>,
  // Empties a mailbox. Returns the number of pushes that were in it.
  caf::replies_to<drop_atom, push_address>::with<uint64_t>,
  // A client has confirmed this entry of its mailbox and all before it.
  caf::reacts_to<confirm_atom, push_address, std::string>>;

/// The owners of ids.
using claim_protocol = caf::typed_actor<
  // Makes a session the owner of an id in the whole cluster. Returns the number
  // of its claim.
  caf::replies_to<claim_atom, push_address>::with<uint64_t>,
  // Returns the number of the claim that owns an id; 0 if it is unknown.
  caf::replies_to<get_atom, push_address>::with<uint64_t>>;

/// The state of a bus.
using status_protocol = caf::typed_actor<
  // Sends an observer the state of the bus, now and whenever it changes.
  caf::reacts_to<subscribe_atom, observer_actor>,
  // Returns the state of the bus.
  caf::replies_to<state_atom>::with<bus_status>,
  // Returns the state of the part of it that carries pushes to an address.
  caf::replies_to<state_atom, push_address>::with<bus_status>,
  // This node stops in order: other nodes must not count it as missing.
  caf::reacts_to<leave_atom>,
  // Returns the metrics of the bus.
  caf::replies_to<get_atom>::with<metrics>>;

/// Carries pushes between nodes.
using bus_actor
  = subscription_protocol::extend_with<publish_protocol, report_protocol,
                                       inbox_protocol, claim_protocol,
                                       status_protocol>;

} // namespace waybill

CAF_BEGIN_TYPE_ID_BLOCK(waybill_actors, caf::id_block::waybill::end)

CAF_ADD_TYPE_ID(waybill_actors, (waybill::collector_actor))
CAF_ADD_TYPE_ID(waybill_actors, (waybill::gateway_actor))
CAF_ADD_TYPE_ID(waybill_actors, (waybill::observer_actor))
CAF_ADD_TYPE_ID(waybill_actors, (waybill::outcome_receiver_actor))
CAF_ADD_TYPE_ID(waybill_actors, (waybill::registry_actor))
CAF_ADD_TYPE_ID(waybill_actors, (waybill::report_receiver_actor))
CAF_ADD_TYPE_ID(waybill_actors, (waybill::session_actor))

CAF_END_TYPE_ID_BLOCK(waybill_actors)
