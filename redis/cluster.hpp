#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "actors/core/log_gate.hpp"
#include "actors/hosted.hpp"
#include "redis/client.hpp"
#include "redis/redirection.hpp"
#include "redis/routing.hpp"
#include "redis/topology.hpp"

namespace waybill::redis {

/// The reply of a server to `CLUSTER SLOTS`.
struct slots_reply {
  endpoint source;
  redis::reply reply;
};

/// The bus over a Redis Cluster, to the actors that it has.
using cluster_actor = redis_bus_actor::extend_with<router_actor>::extend<
  // The new state of the bridge that sends it.
  caf::reacts_to<bus_status>,
  // A server that no bridge has was asked for the slots.
  caf::reacts_to<slots_reply>,
  // The slots are to be read again.
  caf::reacts_to<tick_atom>>;

/// A bus over the masters of a Redis Cluster, each of which has a bridge, made
/// and ended as masters come and go. A master that is away affects only its own
/// addresses.
///
/// Reads the slots from one master a second, in turn, and sooner if one is away
/// or a command was redirected. Commands that a master did not execute are sent
/// again to the one that has the slot.
class cluster : public hosted<cluster_actor> {
public:
  /// The cluster's means to reach its servers.
  struct environment {
    virtual ~environment() = default;

    /// Spawns the bridge of a master.
    virtual bridge_actor spawn_bridge(const endpoint& master,
                                      const router_actor& router)
      = 0;

    /// Asks servers for the slots, one after the other until one replies with a
    /// `slots_reply`.
    virtual void ask(std::vector<endpoint> servers,
                     const cluster_actor& receiver)
      = 0;

    /// Ends all questions. The last call.
    virtual void stop() = 0;
  };

  /// @param seeds the servers to ask first.
  /// @param server is the name of the cluster in the log.
  /// @param stream_slot is the slot of the stream for messages of clients, if
  ///        they are not published.
  cluster(caf::actor_config& cfg, caf::execution_unit* host,
          std::vector<endpoint> seeds, std::string server,
          std::shared_ptr<environment> environment,
          std::optional<uint16_t> stream_slot = std::nullopt);

  const char* name() const override;

  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  using time_point = caf::actor_clock::time_point;

  /// A master, and its bridge.
  struct master {
    bridge_actor bridge;
    bus_status status;
    assignment part;

    /// Number of nodes that it counts.
    uint64_t nodes = 0;

    /// Time at which it appeared, and whether it has been ready since.
    time_point since;
    bool seen = false;
  };

  using masters = std::map<endpoint, master>;

  /// The master of each slot, or null.
  using owners = std::array<master*, slot_count>;

  /// A command that no master could execute yet.
  struct held_command {
    redirected_command content;

    /// Time of the last attempt.
    time_point deadline;
    caf::typed_response_promise<reply> promise;
  };

  // -- requests (cluster.cpp) -------------------------------------------------

  /// Returns a handler that delegates requests to the bridge of their address.
  template <class Result, class Atom, class... Ts>
  auto delegating();

  /// Returns a handler that forwards messages to the bridge of their address.
  template <class Atom, class... Ts>
  auto sending();

  /// Returns a handler that forwards messages to all bridges: reports come from
  /// the master that has the address when they are sent.
  template <class Atom, class... Ts>
  auto telling_all();

  /// Returns the master of an address, or null.
  master* master_of(const push_address& address);

  /// Returns the error for an address whose slot has no master.
  caf::error unserved() const { return {errc::bus_away, reason_}; }

  /// Forwards each push to the bridge of its address.
  void publish(numbered_pushes& pushes, const outcome_receiver_actor& receiver);

  caf::result<bool> attach_address(const push_address& address,
                                   const registry_actor& registry);

  bus_status status_of(const push_address& address);

  void leave();

  void publish_upstream(const client_message& message);

  /// Adds up the metrics of all bridges.
  caf::result<metrics> collect();

  // -- masters and their slots (cluster_routing.cpp) --------------------------

  /// Asks the next master for the slots or, if none is ready, the servers that
  /// are known and the seeds.
  void ask();

  /// Asks as soon as the last question is old enough.
  void ask_soon();

  void on_tick();

  /// Schedules a tick, unless there is an earlier one.
  void schedule_tick(time_point due);

  void on_slots(const endpoint& source, const reply& reply);

  /// Makes bridges for new masters, ends those of masters without slots, and
  /// tells all others their parts.
  void apply();

  /// Returns whether the former master of slots is a replica now.
  bool is_taken_from_replica(const owners& old, const slot_set& slots) const;

  /// Assigns the open channel to a master that is ready.
  void assign_open_channel();

  /// Sends a bridge its part if that has changed.
  void assign(master& to, assignment part);

  /// Returns the master whose bridge sent the current message, or the end.
  masters::iterator find_sender();

  void on_state(const bus_status& status);

  /// Notifies the observers if the state of the whole bus has changed.
  void update();

  /// Returns what an error of the sender, a bridge, redirects to, if that is
  /// all it says.
  std::optional<redirection> parse(const std::string& error);

  void on_revoked(const slot_revoked& x);

  /// Sends a command that was not executed to another master, or holds it.
  caf::result<reply> route(redirected_command& command);

  /// Uses the slot's new master, and asks for the slots.
  void on_moved(const redirection& to);

  /// Sends a command to a master, or holds it if that is not ready.
  void forward(const endpoint& to, bool asking, held_command command);

  /// Holds a command until the next tick, or fails it if its time is up.
  void hold(held_command command);

  /// Sends the commands that are held to the masters that have their slots.
  void retry_held();

  const std::vector<endpoint> seeds_;
  const std::string server_;
  const std::shared_ptr<environment> environment_;
  topology topology_;
  masters masters_;

  owners by_slot_ = {};
  const std::optional<uint16_t> stream_slot_;

  /// The master with the open channel.
  endpoint open_;

  /// The master that was asked last.
  endpoint asked_;
  time_point asked_at_;

  /// Time of the next tick; those that come earlier are void.
  time_point next_tick_ = time_point::max();

  std::list<held_command> held_;
  registry_actor registry_;
  log_gate gate_;
  std::vector<observer_actor> observers_;
  bus_status state_;

  /// Set once the bus has been ready.
  bool began_ = false;

  /// The reason why no master is known.
  std::string reason_ = "the Redis Cluster was not reached yet";

  /// Counters of this bus, and of bridges that have ended.
  metrics counts_{room::redis};
};

} // namespace waybill::redis

// Never leaves the process.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waybill::redis::slots_reply)
