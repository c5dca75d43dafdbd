#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "actors/core/admission.hpp"
#include "actors/core/delivery_log.hpp"
#include "actors/core/queue_loads.hpp"
#include "actors/core/rate.hpp"
#include "actors/core/retry_schedule.hpp"
#include "actors/core/trace.hpp"
#include "actors/hosted.hpp"
#include "actors/interfaces.hpp"
#include "actors/session_table.hpp"

namespace waybill {

/// Policy for several sessions of one id.
enum class same_id : uint8_t {
  /// All stay, and all get every push.
  all,
  /// The newest replaces the others on its node.
  newest_per_node,
  /// The newest replaces the others in the cluster.
  newest,
};

/// Limits of a node.
struct node_limits {
  /// Memory of all send queues together, in bytes.
  uint64_t max_queued = 256 << 20;

  session_limits sessions;

  /// Pushes per second and pusher; 0 for no limit.
  size_t max_push_rate = 0;
};

/// Writes log lines for actors, which do not depend on a logger.
/// Called on the actor's own thread.
using failure_handler = std::function<void(const std::string& line)>;

/// Maps the addresses of one node to its sessions.
///
/// It attaches an address at the bus when the first session joins it and
/// detaches it after the last. Sessions are keyed by actor, not by id, so that
/// the late end of a replaced session never affects its successor.
class registry : public hosted<registry_actor> {
public:
  /// @param on_failure logs sessions that ended because of an internal error.
  registry(caf::actor_config& cfg, caf::execution_unit* host, bus_actor bus,
           same_id policy, failure_handler on_failure = nullptr,
           node_limits limits = {});

  const char* name() const override;

  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  using entry = session_table::entry;
  using member = session_table::member;
  using ok_promise = caf::typed_response_promise<ok_atom>;
  using page_promise = caf::typed_response_promise<inbox_page>;

  // -- sessions (registry.cpp) ------------------------------------------------

  /// Reserves a slot for a session that is about to join.
  caf::result<bus_status> admit(const std::string& id, const std::string& peer);

  void join(const push_addresses& addresses, const std::string& peer,
            transport_kind transport, const session_actor& session);

  void on_down(const caf::down_msg& down);

  /// Counts and withdraws the sender, which closes itself.
  void on_close(const close_reason& reason);

  /// Removes a session; ignores an unknown one.
  void leave(caf::actor_id session);

  /// Takes a session out of its addresses, and detaches those that no other
  /// session has.
  void give_up(member& member);

  /// Records why a session ends, and takes it out of its addresses.
  void withdraw(member& member, const close_reason& reason);

  /// Closes a session, and takes it out of its addresses at once.
  void retire(member& member, const close_reason& reason);

  /// Retires the sessions of `entry` that match `predicate`.
  /// @warning `entry` may be gone afterwards.
  void retire_all(const entry& entry, const close_reason& reason,
                  const std::function<bool(const member&)>& predicate);

  /// Records the memory of a session's queue, and retires the sessions with the
  /// largest queues while the total is over the limit.
  void on_load(caf::actor_id session, uint64_t bytes);

  /// Takes tokens from the push rate of a pusher.
  /// @returns the time to wait until there are as many; 0 if they were taken.
  caf::timespan spend(const std::string& pusher, uint64_t pushes);

  /// Returns the counters and gauges of this registry.
  metrics collect() const;

  // -- addresses (registry_addresses.cpp) -------------------------------------

  /// Attaches the address that all nodes hold.
  void attach_nodes();

  void attach_address(const push_address& address, entry& entry);

  /// Detaches an address, then calls `handler`: no push comes after that.
  void detach_address(const push_address& address,
                      const std::function<void()>& handler);

  /// Calls `handler` when every later push to an address arrives.
  static void when_attached(entry& entry, std::function<void()> handler);

  /// Marks addresses as missing pushes.
  void lose(const push_addresses& lost);

  /// Reads a page of a mailbox for the sender, a session. A read that fails is
  /// repeated when the bus is ready again.
  page_promise read(const inbox_query& query);
  void read(caf::actor_id session, const inbox_query& query,
            page_promise promise);

  /// Passes a confirmation of a client to the bus, and to the sessions of its
  /// id on this node.
  void confirm(const push_address& address, const std::string& entry);

  /// Repeats all that failed because the bus was away.
  void on_ready();

  // -- greetings and claims (registry_claims.cpp) -----------------------------

  /// Greets a session if every node can reach it.
  void greet(member& member);

  /// Claims the id for a session, or checks that it still owns the id.
  void claim(member& member);

  void on_claim(member& member, uint64_t number);

  /// Retires all sessions of an id that are older than a claim.
  void on(const push_address& address, const waybill::claim& claim);

  /// Retires the other sessions of the id of `member` on this node.
  void replace_others(const member& member);

  // -- pushes (registry_delivery.cpp) -----------------------------------------

  void deliver(const addressed_messages& messages);

  /// Finds the entry that takes pushes to an address; null if the address is
  /// held no longer, or not yet attached.
  entry* find_receiving(const push_address& address);

  /// Delivers a push to the sessions of its address.
  void on(const push_address& address, const push& push);

  /// Retires all sessions of an id.
  void on(const push_address& address, const kick& kick);

  /// Adds a push to the trace of its id.
  /// @returns the number of the delivery; 0 if it is not traced.
  uint64_t trace_delivery(const push_address& address, const push& push,
                          size_t count);

  /// Adds an event of a session to the trace of its id.
  void note(const member& member, trace_event::kind kind,
            std::string text = {});

  void add_events(trace_events& events);

  // -- queries (registry_queries.cpp) -----------------------------------------

  /// Reports the answer of this node to a query.
  void on(const push_address& address, const query& query);

  /// Sends the node that asked a report.
  void report_answer(const push_address& address, const query& query,
                     report::content_type content);

  void report_sessions(const push_address& address, const query& query);

  void report_trace(const push_address& address, const query& query);

  /// Returns the largest ids, topics and queues.
  ranking rank();

  /// Returns the sessions of an address.
  std::vector<session_actor> sessions_at(const push_address& address);

  /// Sends a request to actors, and passes the responses to `handler`, in their
  /// order. An actor that has ended responds with nothing.
  template <class T, class Handle, class... Ts>
  void gather(const std::vector<Handle>& actors,
              std::function<void(std::vector<std::optional<T>>&)> handler,
              const Ts&... question);

  /// Returns the topics that a session has joined.
  std::vector<std::string> topics_of(caf::actor_id session);

  // -- topics of sessions (registry_topics.cpp) -------------------------------

  /// Adds the sessions of an id to topics, and those that come in their time.
  void keep_topics(const push_address& address, const kept_topics& topics);

  /// Adds a session to the topics that are kept for its id.
  /// @pre it has joined its id.
  void join_kept_topics(member& member);

  /// Adds a session to a topic.
  void join_topic(member& member, const push_address& topic);

  /// Adds the sessions of an id to a topic; reports when pushes reach them.
  void subscribe(const push_address& address, const query& query);

  /// Removes the sessions of an id from a topic.
  void unsubscribe(const push_address& address, const query& query);

  /// Returns the sessions of an id; none if the node drains.
  std::vector<member*> movable_members(const push_address& address);

  // -- last values of topics (registry_values.cpp) ----------------------------

  /// Delivers the last value of a topic to the sessions that lack it.
  void on(const push_address& address, const last_value& value);

  /// Forgets the last value of a topic.
  void forget_value(const push_address& address);

  /// Sends a session the last value of a topic that it has joined, now or when
  /// the bus delivers it.
  void on_joined(const push_address& topic, const session_actor& session);

  /// Sends a session the last value of a topic, if that is known.
  void send_value(const push_address& address, entry& entry,
                  const session_actor& session);

  /// Keeps a push as the last value of its topic.
  void keep_value(entry& entry, const push& push);

  // -- draining (registry_drain.cpp) ------------------------------------------

  ok_promise start_drain(caf::timespan time);

  /// Has clients come back at the rate of the other nodes, of which Redis knows
  /// the number, then calls `handler`.
  void spread_returns(std::function<void()> handler);

  /// Drains the next share of the sessions.
  void drain_some();

  /// Detaches the addresses that only this session and others of its id have,
  /// then closes them. They still write pushes that came before that.
  void drain(const member& member);

  /// Closes a session because the node stops.
  void send_away(const session_actor& session);

  /// Answers the drain request after the last session has ended.
  void end_drain();

  const bus_actor bus_;
  const same_id policy_;
  const failure_handler on_failure_;
  const node_limits limits_;
  session_table sessions_;
  admission admission_;
  queue_loads loads_;
  rate_limiter pushers_;
  waybill::trace trace_;
  delivery_log delivery_log_;

  /// The gateways of this node, which have the first hops of its pushes.
  std::vector<gateway_actor> gateways_;

  /// The last failed mailbox read of each session, to be repeated. Answers to
  /// earlier ones are not needed.
  struct waiting_read {
    inbox_query query;
    page_promise promise;
  };
  std::unordered_map<caf::actor_id, waiting_read> waiting_reads_;
  uint64_t attachments_ = 0;
  metrics counts_{room::actors};

  /// Answers queries for metrics.
  collector_actor collector_;

  /// Set once the node stops; sessions that join then are closed at once.
  bool draining_ = false;

  /// Measures the sessions that join, for the headroom.
  rate_meter joins_;

  /// Pending while the node drains, with the sessions that are left and the
  /// number of them that each tick drains.
  ok_promise drained_;
  std::vector<session_actor> to_drain_;
  size_t drain_share_ = 0;

  /// The times after which their clients connect to the other nodes.
  retry_schedule returns_;
};

} // namespace waybill
