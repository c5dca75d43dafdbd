#include "app/node.hpp"

#include <chrono>
#include <deque>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/signal_set.hpp>
#include <caf/actor_system.hpp>
#include <spdlog/spdlog.h>

#include "actors/loopback.hpp"
#include "actors/system_config.hpp"
#include "app/console.hpp"
#include "app/heap_trim.hpp"
#include "app/listeners.hpp"
#include "app/log.hpp"
#include "app/options/cli.hpp"
#include "app/reload.hpp"
#include "app/sd_notify.hpp"
#include "app/start.hpp"
#include "app/version.hpp"
#include "net/server/server.hpp"
#include "redis/bridge.hpp"
#include "redis/client_link.hpp"
#include "redis/shards.hpp"

namespace waybill::app {

namespace {

/// The exit code after a failure of our own (EX_SOFTWARE of sysexits.h).
constexpr int software_error = 70;

/// Watches over the actors of a node, and ends them in order.
using node_actor = observer_actor::extend<
  // A signal came: the first drains the node, the second ends it at once.
  caf::reacts_to<close_atom, int>,
  // The last request has been answered.
  caf::reacts_to<gone_atom>,
  // It is time to tell the supervisor that the first loop turns.
  caf::reacts_to<tick_atom>>;

class node : public hosted<node_actor> {
public:
  /// @param all the actors that end with the node, the bus last.
  node(caf::actor_config& cfg, caf::execution_unit* host, bus_actor bus,
       registry_actor registry, std::vector<gateway_actor> gateways,
       std::vector<caf::actor> all, net::server& server, const options& config,
       std::string description)
      : hosted(cfg, host), bus_(std::move(bus)), registry_(std::move(registry)),
        gateways_(std::move(gateways)), all_(std::move(all)), server_(server),
        drain_(config.drain), description_(std::move(description)) {
    set_down_handler([this](caf::down_msg& x) {
      if (stopping_)
        return;
      // Without these two a node only looks alive.
      spdlog::critical("the {} failed: {}",
                       x.source == registry_ ? "registry" : "bus",
                       system().render(x.reason));
      std::_Exit(software_error);
    });
  }

  const char* name() const override { return "waybill.node"; }

protected:
  behavior_type make_behavior() override {
    monitor(bus_);
    monitor(registry_);
    send(bus_, subscribe_atom_v, observer_actor{this});
    send(registry_, attach_atom_v);
    if (watchdog_)
      send(this, tick_atom_v);
    return {
      [this](const bus_status& status) {
        auto is_ready = status.state == bus_state::ready;
        notify((is_ready ? "STATUS=ready" : "STATUS=Redis is away")
               + (status.reason.empty() ? "" : ": " + status.reason));
        if (is_ready && !std::exchange(announced_, true))
          std::cout << "ready: " << description_ << std::endl;
      },
      [this](close_atom, int signal) {
        if (std::exchange(stopping_, true))
          std::_Exit(128 + signal);
        spdlog::info("stopping");
        notify("STOPPING=1");
        server_.stop_listening();
        for (auto& gateway : gateways_)
          send(gateway, drain_atom_v);
        drain(drain_, [this] {
          server_.finish(
            [self = node_actor{this}] { caf::anon_send(self, gone_atom_v); });
        });
      },
      [this](gone_atom) {
        // The last requests may have become sessions.
        drain(caf::timespan{0}, [this] {
          for (auto& actor : all_)
            send_exit(actor, caf::exit_reason::user_shutdown);
          quit();
        });
      },
      [this](tick_atom) {
        notify("WATCHDOG=1");
        delayed_send(this, *watchdog_ / 2, tick_atom_v);
      },
    };
  }

private:
  template <class Then>
  void drain(caf::timespan time, Then then) {
    request(registry_, caf::infinite, drain_atom_v, time).then([then](ok_atom) {
      then();
    });
  }

  const bus_actor bus_;
  const registry_actor registry_;
  const std::vector<gateway_actor> gateways_;
  const std::vector<caf::actor> all_;
  net::server& server_;
  const caf::timespan drain_;
  const std::string description_;
  const std::optional<std::chrono::microseconds> watchdog_ = watchdog_time();
  bool announced_ = false;
  bool stopping_ = false;
};

/// Returns a text that no other process has.
std::string make_tag() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

/// The bus over Redis, and the actors that it is made of, itself the last.
struct redis_bus {
  redis::redis_bus_actor carrier;
  std::vector<redis::redis_bus_actor> members;
};

/// Spawns a bridge for each Redis, and what makes one bus of several.
redis_bus spawn_redis(caf::actor_system& system, net::event_loop& home,
                      const options& config) {
  redis::bridge_config names;
  names.prefix = config.redis_prefix;
  names.open_channel = config.redis_channel;
  names.node = config.node;
  names.instance_id = make_tag();
  names.max_body = config.connections.max_body;
  names.mailbox_limit = config.mailbox_limit;
  names.replicas = config.redis_replicas;
  names.claims = config.same_id == same_id::newest;
  names.began = static_cast<uint64_t>(
    std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::system_clock::now().time_since_epoch())
      .count());
  names.is_shard = config.redis.size() > 1;
  redis_bus result;
  std::vector<redis::shards::shard> all;
  for (auto& url : config.redis) {
    names.server = to_string(url);
    auto bridge = system.spawn<redis::bridge>(
      &home, names, std::make_shared<redis::client_link>(home.context(), url));
    result.members.push_back(bridge);
    // All nodes know a master by the same name, but may list its Sentinels in
    // another order.
    all.push_back({url.master.empty() ? names.server : url.master, bridge});
  }
  result.carrier = result.members.front();
  if (names.is_shard) {
    result.carrier = system.spawn<redis::shards>(&home, std::move(all));
    result.members.push_back(result.carrier);
  }
  return result;
}

/// Says what a node uses to reach the others.
std::string describe_redis(const options& config) {
  if (config.redis.empty())
    return "without Redis: mailboxes are in memory";
  std::string result = "with ";
  for (auto& url : config.redis)
    result += (result.size() > 5 ? " and " : "") + to_string(url);
  return result;
}

/// Waits for signals and tells the node of each.
void await_signal(boost::asio::signal_set& signals, node_actor node) {
  signals.async_wait(
    [&signals, node](boost::system::error_code ec, int signal) {
      if (ec)
        return;
      caf::anon_send(node, close_atom_v, signal);
      await_signal(signals, node);
    });
}

/// Waits for SIGHUP and calls `act` after each.
template <class Act>
void await_sighup(boost::asio::signal_set& signals, Act act) {
  signals.async_wait([&signals, act](boost::system::error_code ec, int) {
    if (ec)
      return;
    act();
    await_sighup(signals, act);
  });
}

} // namespace

int run_node(const options& config, const std::vector<std::string>& arguments) {
  const auto began = std::chrono::system_clock::now();
  system_config system_options;
  caf::actor_system system{system_options};
  auto log_error = [](const std::string& message) { spdlog::error(message); };

  // What the loops' last handlers may still touch outlives the loops.
  std::vector<gateway_actor> gateways;
  std::deque<net::server_context> contexts;
  std::deque<net::event_loop> loops;
  for (size_t i = 0; i < config.threads; ++i)
    loops.emplace_back(system, log_error);
  // Registry and bus live on the first loop.
  auto& home = loops.front();

  std::vector<caf::actor> all;
  auto keep = [&all](const auto& handle) {
    all.push_back(caf::actor_cast<caf::actor>(handle));
    return handle;
  };

  bus_actor bus;
  session_config sessions;
  sessions.greeting = make_text(config.greeting);
  sessions.max_queue = config.max_queue;
  sessions.max_queue_frames = config.max_queue_frames;
  sessions.when_slow = config.when_slow;
  if (!config.redis.empty()) {
    auto [carrier, members] = spawn_redis(system, home, config);
    for (auto& gateway : members)
      keep(gateway);
    bus = carrier;
    if (config.upstream == upstream::redis)
      sessions.upstream = carrier;
  } else {
    bus
      = keep(system.spawn<loopback>(&home, config.node, config.mailbox_limit));
  }
  if (config.upstream == upstream::log)
    sessions.upstream = keep(system.spawn<message_log>(&home));
  auto registry = keep(system.spawn<waybill::registry>(
    &home, bus, config.same_id, log_error, config.limits, version()));

  std::vector<net::worker> workers;
  for (auto& loop : loops) {
    gateways.push_back(
      keep(system.spawn<gateway>(&loop, bus, registry, sessions, config.node)));
    auto& actors = dynamic_cast<gateway&>(
      *caf::actor_cast<caf::abstract_actor*>(gateways.back()));
    workers.push_back(
      {loop, contexts.emplace_back(net::server_context{
               {actors, config.node, config.access.loaded, version(),
                config.max_topics, config.limits.sessions.in_total,
                config.limits.max_push_rate > 0, console_files(), began},
               config.connections})});
  }
  net::server server{workers};

  auto addresses = open_ports(server, config);
  if (auto wrong = check_descriptors(config.redis.size())) {
    fail(1, *wrong);
    std::_Exit(1);
  }
  spdlog::info("listening on {}", addresses);
  spdlog::info("takes up to {} sessions", config.limits.sessions.in_total);
  auto description
    = config.node + " listens on " + addresses + ", " + describe_redis(config);

  auto watcher
    = system.spawn<node>(&home, bus, registry, gateways, std::move(all), server,
                         config, description);
  boost::asio::signal_set signals{home.context(), SIGINT, SIGTERM};
  await_signal(signals, watcher);
  boost::asio::signal_set hang_ups{home.context(), SIGHUP};
  await_sighup(hang_ups, [&] { reload(server, config, arguments); });
  boost::asio::steady_timer memory_clock{home.context()};
  trim_memory(memory_clock);
  bus = nullptr;
  registry = nullptr;
  watcher = nullptr;
  server.start();
  for (auto& loop : loops)
    loop.start();
  end_start();
  notify("READY=1");
  system.await_all_actors_done();
  for (auto& loop : loops)
    loop.stop();
  spdlog::info("stopped");
  return 0;
}

} // namespace waybill::app
