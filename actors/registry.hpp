#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "actors/hosted.hpp"
#include "actors/interfaces.hpp"

namespace waybill {

/// What a second session of an id does to the first.
enum class same_id : uint8_t {
  /// Both stay, and both get every push.
  all,
  /// The newer one replaces the older one on its node.
  newest_per_node,
};

/// Takes the log lines of actors, which know nothing of loggers.
/// Called on the actor's own thread.
using complaint = std::function<void(const std::string& line)>;

/// Maps the addresses of one node to its sessions.
///
/// It asks the bus for an address when the first session joins it and gives it
/// back after the last. A session that is down is forgotten by who it was, not
/// by what it was called: so the late end of a replaced session never touches
/// the one that took its place.
class registry : public hosted<registry_actor> {
public:
  /// @param on_failure is told of sessions that ended by an error of ours.
  registry(caf::actor_config& cfg, caf::execution_unit* host, bus_actor bus,
           same_id policy, complaint on_failure = nullptr);

  const char* name() const override;

  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  /// An address that this node holds.
  struct entry {
    std::vector<session_actor> sessions;

    /// Those of them that have not been greeted.
    std::vector<session_actor> waiting;

    /// Which request to attach this address is the current one.
    uint64_t attachment = 0;

    /// Set once the bus brings the pushes to this address.
    bool attached = false;

    /// Set once it has been asked to bring no more.
    bool detached = false;
  };

  struct member {
    session_actor session;
    push_address joined;
  };

  void join(const push_address& where, const session_actor& who);

  /// Forgets a session. Does nothing for one that is not, or no longer, known.
  void leave(caf::actor_id who);

  void attach(const push_address& where, entry& what);

  /// Gives an address back, then calls `then`: no push comes after that.
  template <class Then>
  void detach(const push_address& where, Then then);

  /// Tells the sessions of `what` that wait that they can be reached.
  void greet(entry& what);

  void deliver(const push_address& where, const push& what);

  /// Drains the next share of the sessions.
  void drain_some();

  /// Gives the address of a session back, then closes all its sessions. What
  /// was pushed before is written before they are closed.
  void drain(const session_actor& who);

  const bus_actor bus_;
  const same_id policy_;
  const complaint on_failure_;
  bus_state state_ = bus_state::away;
  std::unordered_map<std::string, entry> entries_;
  std::unordered_map<caf::actor_id, member> members_;
  uint64_t attachments_ = 0;
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
