#pragma once

#include <string>
#include <vector>

#include "actors/hosted.hpp"
#include "redis/client.hpp"

namespace waybill::redis {

/// Returns the index of the server that carries an address: the one with the
/// largest hash of its name and the address (rendezvous hashing). The order of
/// servers does not matter, and adding or removing one moves only the addresses
/// that it gains or had.
/// @pre `!servers.empty()`
size_t shard_of(const push_address& address,
                const std::vector<std::string>& servers);

/// A bus that observes its bridges.
using shards_actor = redis_bus_actor::extend<
  // The new state of the bridge that sends it.
  caf::reacts_to<bus_status>>;

/// A bus over several independent Redis servers. Each has a bridge, which
/// carries the addresses that `shard_of` assigns to it; a server that is away
/// affects only these.
class shards : public hosted<shards_actor> {
public:
  /// A bridge, and its server's name, which is the same on all nodes.
  struct shard {
    std::string server;
    bridge_actor bridge;
  };

  shards(caf::actor_config& cfg, caf::execution_unit* host,
         std::vector<shard> all);

  const char* name() const override;

  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  /// Returns a handler that delegates requests to the bridge of their address.
  template <class Atom, class... Ts>
  auto delegating();

  /// Returns a handler that forwards messages to the bridge of their address.
  template <class Atom, class... Ts>
  auto sending();

  /// Forwards each push to the bridge of its address.
  void publish(numbered_pushes& pushes, const outcome_receiver_actor& receiver);

  const bridge_actor& bridge_of(const push_address& address) const;

  /// Stores the state of a bridge, and notifies the observers if the state of
  /// the whole bus has changed.
  void on_state(size_t shard, const bus_status& status);

  /// Adds up the metrics of all bridges.
  caf::result<metrics> collect();

  std::vector<std::string> servers_;
  std::vector<bridge_actor> bridges_;
  std::vector<observer_actor> observers_;

  /// The state of each bridge, and whether it has ever been ready.
  std::vector<bus_status> states_;
  std::vector<bool> seen_;

  /// Ready while at least one bridge is, once all have been.
  bus_status state_;
};

} // namespace waybill::redis
