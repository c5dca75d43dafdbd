#include "app/node.hpp"

#include <chrono>
#include <deque>
#include <iostream>
#include <latch>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/signal_set.hpp>
#include <caf/actor_system.hpp>
#include <spdlog/spdlog.h>

#include "actors/collector.hpp"
#include "actors/loopback.hpp"
#include "actors/scheduler.hpp"
#include "actors/span_processor.hpp"
#include "actors/system_config.hpp"
#include "app/console.hpp"
#include "app/heap_trim.hpp"
#include "app/listeners.hpp"
#include "app/log.hpp"
#include "app/options/cli.hpp"
#include "app/otlp.hpp"
#include "app/redis_bus.hpp"
#include "app/reload.hpp"
#include "app/sd_notify.hpp"
#include "app/start.hpp"
#include "app/version.hpp"
#include "net/api/process_stats.hpp"
#include "net/server/server.hpp"

namespace waybill::app {

namespace {

/// The exit code after an internal failure (EX_SOFTWARE of sysexits.h).
constexpr int software_error = 70;

/// Supervises the actors of a node and stops them in order.
using node_actor = observer_actor::extend<
  // Handles a signal: the first drains the node, the second ends the process.
  caf::reacts_to<close_atom, int>,
  // Handles the end of the last request.
  caf::reacts_to<gone_atom>,
  // Resets the watchdog of the supervisor: the first loop still runs.
  caf::reacts_to<tick_atom>>;

class node : public hosted<node_actor> {
public:
  /// @param all the actors that end with the node.
  /// @param description follows `ready: ` on standard output.
  node(caf::actor_config& cfg, caf::execution_unit* host, bus_actor bus,
       registry_actor registry, collector_actor collector,
       std::vector<gateway_actor> gateways, span_processor_actor spans,
       std::vector<caf::actor> all, net::server& server, const options& config,
       std::string description)
      : hosted(cfg, host), bus_(std::move(bus)), registry_(std::move(registry)),
        collector_(std::move(collector)), gateways_(std::move(gateways)),
        spans_(std::move(spans)), all_(std::move(all)), server_(server),
        drain_(config.drain), node_(config.node),
        description_(std::move(description)), log_json_(config.log_json) {
    set_down_handler([this](caf::down_msg& x) {
      if (stopping_)
        return;
      // Without one of these, a node is alive but useless.
      spdlog::critical("WB-101 the {} failed: {}",
                       x.source == registry_    ? "registry"
                       : x.source == collector_ ? "collector"
                       : x.source == bus_       ? "bus"
                                                : "gateway",
                       system().render(x.reason));
      std::_Exit(software_error);
    });
  }

  const char* name() const override { return "waybill.node"; }

protected:
  behavior_type make_behavior() override {
    monitor(bus_);
    monitor(registry_);
    monitor(collector_);
    for (auto& gateway : gateways_)
      monitor(gateway);
    send(bus_, subscribe_atom_v, observer_actor{this});
    send(registry_, attach_atom_v, collector_);
    if (watchdog_)
      send(this, tick_atom_v);
    return {
      [this](const bus_status& status) {
        auto is_ready = status.state == bus_state::ready;
        notify((is_ready ? "STATUS=ready" : "STATUS=Redis is away")
               + (status.reason.empty() ? "" : ": " + status.reason));
        if (is_ready && !std::exchange(announced_, true))
          std::cout << ready_line(node_, description_, log_json_) << std::flush;
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
        // The last requests may have opened sessions.
        drain(caf::timespan{0}, [this] {
          if (spans_)
            request(spans_, caf::infinite, drain_atom_v)
              .then([this](ok_atom) { end(); },
                    [this](const caf::error&) { end(); });
          else
            end();
        });
      },
      [this](tick_atom) {
        notify("WATCHDOG=1");
        delayed_send(this, *watchdog_ / 2, tick_atom_v);
      },
    };
  }

private:
  /// Ends all actors of the node.
  void end() {
    for (auto& actor : all_)
      send_exit(actor, caf::exit_reason::user_shutdown);
    quit();
  }

  template <class Then>
  void drain(caf::timespan time, Then then) {
    request(registry_, caf::infinite, drain_atom_v, time).then([then](ok_atom) {
      then();
    });
  }

  const bus_actor bus_;
  const registry_actor registry_;
  const collector_actor collector_;
  const std::vector<gateway_actor> gateways_;

  /// Null if spans are not exported.
  const span_processor_actor spans_;
  const std::vector<caf::actor> all_;
  net::server& server_;
  const caf::timespan drain_;
  const std::string node_;
  const std::string description_;
  const bool log_json_;
  const std::optional<std::chrono::microseconds> watchdog_ = watchdog_time();
  bool announced_ = false;
  bool stopping_ = false;
};

/// Sends each signal to the node.
void await_signal(boost::asio::signal_set& signals, node_actor node) {
  signals.async_wait(
    [&signals, node](boost::system::error_code ec, int signal) {
      if (ec)
        return;
      caf::anon_send(node, close_atom_v, signal);
      await_signal(signals, node);
    });
}

/// Calls `act` after each SIGHUP.
template <class Act>
void await_sighup(boost::asio::signal_set& signals, Act act) {
  signals.async_wait([&signals, act](boost::system::error_code ec, int) {
    if (ec)
      return;
    act();
    await_sighup(signals, act);
  });
}

void log_error(const std::string& message) {
  spdlog::error("WB-103 {}", message);
}

/// The actors of a node.
struct node_actors {
  bus_actor bus;
  registry_actor registry;
  collector_actor collector;

  /// Configures sessions, and names the actor that takes their messages.
  session_config sessions;

  /// The actors that end with the node.
  std::vector<caf::actor> all;

  template <class Handle>
  Handle keep(Handle handle) {
    all.push_back(caf::actor_cast<caf::actor>(handle));
    return handle;
  }
};

/// Spawns the bus, the message log, the registry and the collector; gateways
/// follow.
/// @param of_process returns counters of the process.
node_actors spawn_actors(caf::actor_system& system, net::event_loop& home,
                         const options& config,
                         const std::function<counters()>& of_process) {
  node_actors result;
  auto& sessions = result.sessions;
  sessions.greeting = make_text(config.greeting);
  sessions.max_queue = config.max_queue;
  sessions.max_queue_frames = config.max_queue_frames;
  sessions.when_slow = config.when_slow;
  if (!config.heartbeats.empty()) {
    heartbeats answers;
    for (auto& [text, answer] : config.heartbeats)
      answers.insert_or_assign(text, make_text(answer));
    sessions.heartbeats = std::make_shared<const heartbeats>(answers);
  }
  if (!config.redis.empty() && !config.shadow) {
    auto bus = result.keep(spawn_redis(system, home, config));
    result.bus = bus;
    if (config.upstream == upstream::redis
        || config.upstream == upstream::stream)
      sessions.upstream = bus;
  } else {
    result.bus = result.keep(
      system.spawn<loopback>(&home, config.node, config.mailbox_limit));
  }
  if (config.upstream == upstream::log)
    sessions.upstream = result.keep(system.spawn<message_log>(&home));
  result.registry = result.keep(system.spawn<waybill::registry>(
    &home, result.bus, config.same_id, &log_error, config.limits));
  result.collector = result.keep(system.spawn<collector>(
    &home, result.bus, result.registry, version(), of_process));
  caf::anon_send(result.collector, tick_atom_v);
  if (config.shadow)
    result.keep(
      spawn_shadow(system, home, config, result.registry, result.collector));
  if (config.otlp)
    sessions.spans = result.keep(system.spawn<span_processor>(
      &home, result.collector,
      std::make_unique<otlp_exporter>(home.context(), *config.otlp,
                                      config.node)));
  return result;
}

/// Builds the context of a loop's connections.
/// @param began when the node started.
net::server_context make_context(const gateway_actor& handle,
                                 const options& config,
                                 std::chrono::system_clock::time_point began,
                                 const std::function<counters()>& of_process) {
  // Connections call the gateway of their own loop directly.
  auto& actors
    = dynamic_cast<gateway&>(*caf::actor_cast<caf::abstract_actor*>(handle));
  return {
    {actors, config.node, config.access.loaded, version(), config.max_topics,
     config.limits.sessions.in_total, config.limits.max_push_rate > 0,
     console_files(), began, of_process, &recent_log,
     net::upgrade_limiter{static_cast<double>(config.limits.sessions.per_second)
                          / static_cast<double>(config.threads)}},
    config.connections};
}

/// Opens the ports of a node, or ends the process with 1 if that fails.
/// @returns the description of the node for its `ready:` line.
std::string listen(net::server& server, const options& config) {
  auto addresses = open_ports(server, config);
  if (auto problem = check_descriptors(config.redis.size())) {
    fail(1, *problem);
    std::_Exit(1);
  }
  spdlog::info("listening on {}", addresses);
  spdlog::info("takes up to {} sessions", config.limits.sessions.in_total);
  return config.node + " listens on " + addresses + ", "
         + describe_redis(config);
}

} // namespace

int run_node(const options& config, const std::vector<std::string>& arguments) {
  const auto began = std::chrono::system_clock::now();
  system_config system_options;
  system_options.load<scheduler>();
  caf::actor_system system{system_options};

  // The last handlers of the loops may still use gateways and contexts.
  std::vector<gateway_actor> gateways;
  std::deque<net::server_context> contexts;
  std::deque<net::event_loop> loops;
  for (size_t i = 0; i < config.threads; ++i)
    loops.emplace_back(system, &log_error);
  // Registry, collector and bus live on the first loop.
  auto& home = loops.front();

  auto of_process = [began, most = config.limits.sessions.in_total] {
    auto result = net::process_counters(began);
    result["max_sessions"] = most;
    return result;
  };
  auto actors = spawn_actors(system, home, config, of_process);
  std::vector<net::worker> workers;
  for (auto& loop : loops) {
    gateways.push_back(actors.keep(
      system.spawn<gateway>(&loop, actors.bus, actors.registry,
                            actors.collector, actors.sessions, config.node)));
    workers.push_back({loop, contexts.emplace_back(make_context(
                               gateways.back(), config, began, of_process))});
  }
  net::server server{workers};
  auto description = listen(server, config);

  auto watcher = system.spawn<node>(
    &home, actors.bus, actors.registry, actors.collector, gateways,
    actors.sessions.spans, std::move(actors.all), server, config, description);
  boost::asio::signal_set signals{home.context(), SIGINT, SIGTERM};
  await_signal(signals, watcher);
  boost::asio::signal_set hang_ups{home.context(), SIGHUP};
  await_sighup(hang_ups, [&] { reload(server, config, arguments); });
  boost::asio::steady_timer memory_clock{home.context()};
  trim_memory(memory_clock);
  actors.bus = nullptr;
  actors.registry = nullptr;
  actors.collector = nullptr;
  watcher = nullptr;
  server.start();
  std::latch all_started{static_cast<std::ptrdiff_t>(loops.size())};
  for (auto& loop : loops)
    loop.start(all_started);
  end_start();
  notify("READY=1");
  system.await_all_actors_done();
  for (auto& loop : loops)
    loop.stop();
  spdlog::info("stopped");
  return 0;
}

} // namespace waybill::app
