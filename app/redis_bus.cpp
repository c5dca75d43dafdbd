#include "app/redis_bus.hpp"

#include <chrono>
#include <memory>
#include <random>
#include <utility>

#include <spdlog/fmt/fmt.h>

#include "redis/client_link.hpp"
#include "redis/shards.hpp"

namespace waybill::app {

namespace {

/// Returns a text that is unique to this process.
std::string make_tag() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

} // namespace

redis_bus spawn_redis(caf::actor_system& system, net::event_loop& home,
                      const options& config) {
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
  settings.is_shard = config.redis.size() > 1;
  redis_bus result;
  std::vector<redis::shards::shard> shards;
  for (auto& url : config.redis) {
    settings.server = to_string(url);
    auto bridge = system.spawn<redis::bridge>(
      &home, settings,
      std::make_shared<redis::client_link>(home.context(), url));
    result.members.push_back(bridge);
    // Nodes share the name of a master, but may list its Sentinels in another
    // order.
    shards.push_back(
      {url.master.empty() ? settings.server : url.master, bridge});
  }
  result.carrier = result.members.front();
  if (settings.is_shard) {
    result.carrier = system.spawn<redis::shards>(&home, std::move(shards));
    result.members.push_back(result.carrier);
  }
  return result;
}

std::string describe_redis(const options& config) {
  if (config.redis.empty())
    return "without Redis: mailboxes are in memory";
  std::string result = "with ";
  for (auto& url : config.redis)
    result += (result.size() > 5 ? " and " : "") + to_string(url);
  return result;
}

} // namespace waybill::app
