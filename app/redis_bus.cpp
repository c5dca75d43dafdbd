#include "app/redis_bus.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <random>
#include <utility>

#include <spdlog/fmt/fmt.h>

#include "app/shadow.hpp"
#include "redis/bridge.hpp"
#include "redis/client_link.hpp"
#include "redis/cluster.hpp"
#include "redis/key_slot.hpp"
#include "redis/names.hpp"
#include "redis/slots_query.hpp"

namespace waybill::app {

namespace {

/// Returns a text that is unique to this process.
std::string make_tag() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

/// The way of a bus to the servers of a Redis Cluster.
class cluster_environment : public redis::cluster::environment {
public:
  /// @param settings are those of each bridge, but for the name of its server.
  cluster_environment(caf::actor_system& system, net::event_loop& home,
                      redis::bridge_config settings, redis::server_url url)
      : system_(system), home_(home), settings_(std::move(settings)),
        url_(std::move(url)) {
    url_.seeds.clear();
    // A master has this one alone. SELECT fails while it loads.
    url_.db = "0";
  }

  redis::bridge_actor spawn_bridge(const redis::endpoint& master,
                                   const redis::router_actor& router) override {
    auto url = url_;
    url.host = master.host;
    url.port = master.port;
    auto settings = settings_;
    settings.server = to_string(url);
    return system_.spawn<redis::bridge>(
      &home_, std::move(settings),
      std::make_shared<redis::client_link>(home_.context(), std::move(url),
                                           redis::pubsub_kind::sharded),
      router);
  }

  void ask(std::vector<redis::endpoint> servers,
           const redis::cluster_actor& receiver) override {
    if (!query_)
      query_ = std::make_shared<redis::slots_query>(
        home_.context(), url_,
        [receiver](const redis::endpoint& source, redis::reply reply) {
          caf::anon_send(receiver,
                         redis::slots_reply{source, std::move(reply)});
        });
    query_->ask(std::move(servers));
  }

  void stop() override {
    if (query_)
      query_->stop();
  }

private:
  caf::actor_system& system_;
  net::event_loop& home_;
  const redis::bridge_config settings_;
  redis::server_url url_;
  std::shared_ptr<redis::slots_query> query_;
};

redis::redis_bus_actor spawn_cluster(caf::actor_system& system,
                                     net::event_loop& home,
                                     redis::bridge_config settings,
                                     const redis::server_url& url) {
  settings.cluster = true;
  std::vector<redis::endpoint> seeds;
  for (auto& seed : url.seeds)
    seeds.push_back({seed.host, seed.port});
  std::optional<uint16_t> stream_slot;
  if (settings.upstream_limit > 0)
    stream_slot = redis::key_slot(redis::names{settings.prefix}.upstream());
  return system.spawn<redis::cluster>(&home, std::move(seeds), to_string(url),
                                      std::make_shared<cluster_environment>(
                                        system, home, std::move(settings), url),
                                      stream_slot);
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
  if (config.upstream == upstream::stream)
    settings.upstream_limit = config.upstream_limit;
  settings.replicas = config.redis_replicas;
  settings.claims = config.same_id == same_id::newest;
  settings.began = static_cast<uint64_t>(
    std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::system_clock::now().time_since_epoch())
      .count());
  if (!url.seeds.empty())
    return spawn_cluster(system, home, std::move(settings), url);
  settings.server = to_string(url);
  return system.spawn<redis::bridge>(
    &home, settings, std::make_shared<redis::client_link>(home.context(), url));
}

redis::link_owner_actor spawn_shadow(caf::actor_system& system,
                                     net::event_loop& home,
                                     const options& config,
                                     const registry_actor& registry,
                                     const collector_actor& collector) {
  auto& url = config.redis.front();
  return system.spawn<shadow>(
    &home, std::make_shared<redis::client_link>(home.context(), url),
    shadow_channel{config.redis_channel, to_string(url),
                   config.connections.max_body},
    registry, collector);
}

std::string describe_redis(const options& config) {
  if (config.redis.empty())
    return "without Redis: mailboxes are in memory";
  return (config.shadow
            ? "in the shadow of channel " + config.redis_channel + " of "
            : "with ")
         + to_string(config.redis.front());
}

} // namespace waybill::app
