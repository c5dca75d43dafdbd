#pragma once

#include <string>

#include <caf/actor_system.hpp>

#include "app/options/options.hpp"
#include "net/event_loop.hpp"
#include "redis/bridge.hpp"

namespace waybill::app {

/// Spawns the bus over Redis.
/// @pre `!config.redis.empty()`
redis::redis_bus_actor spawn_redis(caf::actor_system& system,
                                   net::event_loop& home,
                                   const options& config);

/// Spawns the reader of the open channel of a node with `--shadow`.
redis::link_owner_actor spawn_shadow(caf::actor_system& system,
                                     net::event_loop& home,
                                     const options& config,
                                     const registry_actor& registry,
                                     const collector_actor& collector);

/// Describes the bus of a node for its `ready:` line.
std::string describe_redis(const options& config);

} // namespace waybill::app
