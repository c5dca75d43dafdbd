#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "actors/core/admission.hpp"
#include "actors/core/queue_loads.hpp"
#include "actors/core/rate.hpp"
#include "actors/core/trace.hpp"
#include "actors/hosted.hpp"
#include "actors/interfaces.hpp"
#include "actors/session_table.hpp"

namespace waybill {

/// What a second session of an id does to the first.
enum class same_id : uint8_t {
  /// Both stay, and both get every push.
  all,
  /// The newer one replaces the older one on its node.
  newest_per_node,
  /// The newest in the cluster replaces all others.
  newest,
};

/// How much the sessions of a node may take.
struct node_limits {
  /// How many bytes of memory all queues may take together.
  uint64_t max_queued = 256 << 20;

  session_limits sessions;

  /// How many pushes a pusher may make a second; 0 for any number.
  size_t max_push_rate = 0;
};

/// Takes the log lines of actors, which know nothing of loggers.
/// Called on the actor's own thread.
using failure_handler = std::function<void(const std::string& line)>;

/// Maps the addresses of one node to its sessions.
///
/// It asks the bus for an address when the first session joins it and gives it
/// back after the last. A session that is down is forgotten by who it was, not
/// by what it was called: so the late end of a replaced session never touches
/// the one that took its place.
class registry : public hosted<registry_actor> {
public:
  /// @param on_failure is told of sessions that ended by an error of ours.
  /// @param version is that of Waybill, for who asks for the node's figures.
  registry(caf::actor_config& cfg, caf::execution_unit* host, bus_actor bus,
           same_id policy, failure_handler on_failure = nullptr,
           node_limits limits = {}, std::string version = {});

  const char* name() const override;

  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  using entry = session_table::entry;
  using member = session_table::member;

  /// Takes a place for somebody who is about to join.
  caf::result<ok_atom> admit(const std::string& id, const std::string& peer);

  void join(const push_addresses& addresses, const std::string& peer,
            const session_actor& session);

  /// Forgets a session. Does nothing for one that is not known.
  void leave(caf::actor_id session);

  /// Takes a session out of its addresses, and gives back those that nobody
  /// else has.
  void give_up(member& member);

  /// Notes why a session ends, and has it give up its addresses.
  void withdraw(member& member, const close_reason& why);

  /// Closes a session, which gives up its addresses at once.
  void retire(member& member, const close_reason& why);

  /// Does so with all sessions of `what` that `which` picks, for which `what`
  /// may not be used afterwards.
  template <class Predicate>
  void retire_all(const entry& entry, const close_reason& why, Predicate which);

  /// Takes down how much memory the queue of a session takes. The largest
  /// queues go if all together take too much.
  void on_load(caf::actor_id session, uint64_t bytes);

  void attach_address(const push_address& address, entry& entry);

  /// Gives an address back, then calls `then`: no push comes after that.
  template <class Then>
  void detach_address(const push_address& address, Then then);

  /// Marks addresses to which pushes are missed.
  void lose(const push_addresses& lost);

  /// Greets a session if every node can reach it.
  void greet(member& member);

  /// Finds out whether a session owns its id, or makes it do so.
  void claim(member& member);

  void on_claim(member& member, uint64_t number);

  void deliver(const push_address& address, const push& push);

  /// Reports what somebody asks all nodes.
  void answer_query(const push_address& address, const push& push);

  /// Adds to the trace of the id of a session.
  void note(const member& member, trace_event::kind kind,
            std::string text = {});

  counters metrics() const;

  /// Asks the bus for a part of a mailbox for a session. If it cannot be read
  /// now, that waits until the bus is ready again.
  void read(caf::actor_id session, const inbox_query& query,
            caf::typed_response_promise<inbox_page> reader);

  /// Tries again what the bus could not do.
  void on_ready();

  /// A session claimed the id of `what`: all older ones are replaced.
  void on_claimed(entry& entry, uint64_t number);

  /// Drains the next share of the sessions.
  void drain_some();

  /// The last session of a node that stops has gone.
  void end_drain();

  /// Gives the addresses back that only this session and others of its id have,
  /// then closes them. What was pushed before is written before that.
  void drain(const member& member);

  const bus_actor bus_;
  const same_id policy_;
  const failure_handler on_failure_;
  const node_limits limits_;
  const std::string version_;
  session_table sessions_;
  admission admission_;
  queue_loads loads_;
  rate_limiter pushers_;
  waybill::trace trace_;

  /// Queries that the bus could not answer, by the session that made them. Each
  /// session needs the answer to its last one only.
  struct waiting_read {
    inbox_query query;
    caf::typed_response_promise<inbox_page> reader;
  };
  std::unordered_map<caf::actor_id, waiting_read> waiting_reads_;
  uint64_t attachments_ = 0;
  uint64_t deliveries_ = 0;
  counters counts_;

  /// Set once the node stops; who joins then is closed at once.
  bool draining_ = false;

  /// Pending while sessions are being closed: those that are yet to be told,
  /// and how many of them are at each tick.
  caf::typed_response_promise<ok_atom> drained_;
  std::vector<session_actor> to_drain_;
  size_t drain_share_ = 0;
};

} // namespace waybill
