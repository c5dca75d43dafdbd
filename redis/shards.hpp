#pragma once

#include <string>
#include <vector>

#include "actors/hosted.hpp"
#include "redis/client.hpp"

namespace waybill::redis {

/// Returns which of some servers an address belongs to: the one for which the
/// hash of its name and the address is the largest (rendezvous hashing). So
/// their order is of no account, and one more or less moves no address but
/// those that it gets or had.
/// @pre `!servers.empty()`
size_t shard_of(const push_address& address,
                const std::vector<std::string>& servers);

/// What is made of several Redis servers.
using shards_actor = redis_bus_actor::extend<
  // The state of the bridge that sends it.
  caf::reacts_to<bus_status>>;

/// A bus over several independent Redis servers, each with a bridge of its own
/// that carries the addresses of which `shard_of` says so. One that is away
/// takes only its own addresses along.
class shards : public hosted<shards_actor> {
public:
  /// A bridge, and the name of its server, the same on all nodes.
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
  const bridge_actor& bridge_of(const push_address& address) const;

  /// Takes the state of a bridge, and tells the observers if that of the whole
  /// has changed.
  void on_state(size_t shard, const bus_status& status);

  /// Adds up the figures of all bridges.
  caf::result<counters> metrics();

  std::vector<std::string> servers_;
  std::vector<bridge_actor> bridges_;
  std::vector<observer_actor> observers_;

  /// The state of each bridge, and whether it ever was ready.
  std::vector<bus_status> states_;
  std::vector<bool> seen_;

  /// Ready once all have been, for as long as one is.
  bus_status state_;
};

} // namespace waybill::redis
