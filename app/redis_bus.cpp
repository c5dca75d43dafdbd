#include "app/redis_bus.hpp"

#include <chrono>
#include <memory>
#include <random>
#include <utility>

#include <spdlog/fmt/fmt.h>

#include "redis/client_link.hpp"

namespace waybill::app {

namespace {

/// Returns a text that is unique to this process.
std::string make_tag() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

} // namespace

redis::redis_bus_actor spawn_redis(caf::actor_system& system,
                                   net::event_loop& home,
                                   const options& config) {
  auto& url = config.redis.front();
  redis::bridge_config settings;
  settings.prefix = config.redis_prefix;
  settings.open_channel = config.redis_channel;
  settings.node = config.node;
  settings.instance_id = make_tag();
  settings.max_body = config.connections.max_body;
  settings.mailbox_limit = config.mailbox_limit;
  settings.replicas = config.redis_replicas;
  settings.claims = config.same_id == same_id::newest;
  settings.began = static_cast<uint64_t>(
    std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::system_clock::now().time_since_epoch())
      .count());
  settings.server = to_string(url);
  return system.spawn<redis::bridge>(
    &home, settings, std::make_shared<redis::client_link>(home.context(), url));
}

std::string describe_redis(const options& config) {
  if (config.redis.empty())
    return "without Redis: mailboxes are in memory";
  return "with " + to_string(config.redis.front());
}

} // namespace waybill::app
