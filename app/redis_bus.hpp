#pragma once

#include <string>
#include <vector>

#include <caf/actor_system.hpp>

#include "app/options/options.hpp"
#include "net/event_loop.hpp"
#include "redis/bridge.hpp"

namespace waybill::app {

/// The bus over Redis and the actors that form it; `carrier` is the last of
/// `members`.
struct redis_bus {
  redis::redis_bus_actor carrier;
  std::vector<redis::redis_bus_actor> members;
};

/// Spawns a bridge for each Redis server and, for several servers, an actor
/// that combines them into one bus.
/// @pre `!config.redis.empty()`
redis_bus spawn_redis(caf::actor_system& system, net::event_loop& home,
                      const options& config);

/// Describes the bus of a node for its `ready:` line.
std::string describe_redis(const options& config);

} // namespace waybill::app
