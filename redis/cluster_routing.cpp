// The bus over a Redis Cluster: its masters, their slots, and the commands that
// they redirect.

#include "redis/cluster.hpp"

#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "redis/redirection.hpp"

namespace waybill::redis {

namespace {

/// Interval between questions for the slots, and the one while a master is away
/// or slots are in doubt.
constexpr auto calm_interval = std::chrono::milliseconds{1000};
constexpr auto busy_interval = std::chrono::milliseconds{200};

/// Time after which a command is tried again.
constexpr auto retry_interval = std::chrono::milliseconds{100};

/// Minimum time between two questions.
constexpr auto shortest_interval = std::chrono::milliseconds{50};

/// Time within which a new master must be ready for the bus to wait for it.
constexpr auto start_time = std::chrono::seconds{3};

/// Time after which no node is subscribed at the former master of slots.
constexpr auto following_time = std::chrono::seconds{10};

bool is_ready(const bus_status& x) {
  return x.state == bus_state::ready;
}

} // namespace

// -- slots --------------------------------------------------------------------

void cluster::ask() {
  asked_at_ = clock().now();
  // The first ready master after the one that was asked last.
  auto next = masters_.upper_bound(asked_);
  for (size_t i = 0; i < masters_.size(); ++i, ++next) {
    if (next == masters_.end())
      next = masters_.begin();
    if (!is_ready(next->second.status))
      continue;
    asked_ = next->first;
    request(next->second.bridge, caf::infinite,
            routed_command{{"CLUSTER", "SLOTS"}})
      .then([this, source = asked_](const reply& x) { on_slots(source, x); },
            [](const caf::error&) {
              // The next question goes to another master.
            });
    return;
  }
  auto servers = topology_.table().servers();
  servers.insert(servers.end(), seeds_.begin(), seeds_.end());
  environment_->ask(std::move(servers), this);
}

void cluster::ask_soon() {
  schedule_tick(std::max(clock().now(), asked_at_ + shortest_interval));
}

void cluster::schedule_tick(time_point due) {
  if (due >= next_tick_)
    return;
  next_tick_ = due;
  if (due <= clock().now())
    send(this, tick_atom_v);
  else
    scheduled_send(this, due, tick_atom_v);
}

void cluster::on_tick() {
  auto now = clock().now();
  if (now < next_tick_)
    return;
  next_tick_ = time_point::max();
  retry_held();
  ask();
  for (auto& [server, master] : masters_)
    if (master.part.follows_replica && now - master.since >= following_time) {
      auto part = master.part;
      part.follows_replica = false;
      assign(master, std::move(part));
    }
  update();
  auto is_calm = !topology_.is_in_doubt() && !masters_.empty()
                 && std::all_of(masters_.begin(), masters_.end(), [](auto& x) {
                      return is_ready(x.second.status);
                    });
  schedule_tick(now + (is_calm ? calm_interval : busy_interval));
}

void cluster::on_slots(const endpoint& source, const reply& reply) {
  auto table = slot_table::parse(reply, source);
  if (!table) {
    if (masters_.empty())
      reason_ = to_string(source) + ": "
                + table.error().context().get_as<std::string>(0);
    return update();
  }
  if (topology_.on_table(source, std::move(*table), clock().now()))
    apply();
  if (masters_.empty())
    reason_ = "the Redis Cluster has no slots yet";
  // Another master may confirm it.
  if (topology_.is_in_doubt())
    ask_soon();
  update();
}

// -- masters ------------------------------------------------------------------

void cluster::apply() {
  auto& table = topology_.table();
  uint64_t nodes = 0;
  for (auto& [server, master] : masters_)
    nodes = std::max(nodes, master.nodes);
  for (auto& [server, slots] : table.masters()) {
    auto& master = masters_[server];
    if (!master.bridge) {
      master.since = clock().now();
      master.part.nodes = nodes;
      master.bridge = environment_->spawn_bridge(server, this);
      monitor(master.bridge);
      send(master.bridge, subscribe_atom_v, observer_actor{this});
    }
  }
  uint64_t moved = 0;
  owners old = {};
  old.swap(by_slot_);
  for (auto& [server, slots] : table.masters()) {
    auto& master = masters_[server];
    for (size_t slot = 0; slot < slot_count; ++slot)
      if (slots.test(slot)) {
        by_slot_[slot] = &master;
        moved += old[slot] && old[slot] != &master;
      }
    auto part = master.part;
    if (part.slots.none())
      part.follows_replica = is_taken_from_replica(old, slots);
    part.slots = slots;
    assign(master, std::move(part));
  }
  for (auto i = masters_.begin(); i != masters_.end();) {
    auto& [server, master] = *i;
    auto is_gone = std::none_of(table.masters().begin(), table.masters().end(),
                                [&name = server](const slot_table::master& x) {
                                  return x.server == name;
                                });
    if (!is_gone) {
      ++i;
      continue;
    }
    demonitor(master.bridge.address());
    assign(master, {});
    i = masters_.erase(i);
  }
  counts_[metric::slots_moved] += moved;
  if (moved > 0)
    if (auto left_out = gate_.take("WB-210", clock().now()))
      spdlog::warn("WB-210 slots have moved to other masters: {} ({}){}", moved,
                   server_, *left_out);
  assign_open_channel();
  // Addresses whose slot had no master can be attached.
  if (registry_)
    send(registry_, bus_state::ready);
}

bool cluster::is_taken_from_replica(const owners& old,
                                    const slot_set& slots) const {
  for (auto& [server, former] : masters_)
    for (size_t slot = 0; slot < slot_count; ++slot)
      if (old[slot] == &former && slots.test(slot))
        return topology_.table().is_replica(server);
  return false;
}

void cluster::assign_open_channel() {
  auto is_able = [this](const endpoint& server) {
    auto i = masters_.find(server);
    return i != masters_.end() && is_ready(i->second.status);
  };
  if (!is_able(open_))
    for (auto& [server, master] : masters_)
      if (is_able(server)) {
        open_ = server;
        break;
      }
  for (auto& [server, master] : masters_) {
    auto part = master.part;
    part.has_open_channel = server == open_;
    part.registry = registry_;
    assign(master, std::move(part));
  }
}

void cluster::assign(master& to, assignment part) {
  if (to.part == part)
    return;
  to.part = part;
  send(to.bridge, std::move(part));
}

cluster::masters::iterator cluster::find_sender() {
  auto bridge = current_sender()->address();
  return std::find_if(masters_.begin(), masters_.end(), [&](auto& x) {
    return x.second.bridge.address() == bridge;
  });
}

// -- state --------------------------------------------------------------------

void cluster::on_state(const bus_status& status) {
  auto i = find_sender();
  if (i == masters_.end())
    return;
  auto was_ready = is_ready(i->second.status);
  i->second.status = status;
  i->second.seen = i->second.seen || is_ready(status);
  if (was_ready != is_ready(status)) {
    assign_open_channel();
    if (was_ready)
      ask_soon();
    else
      retry_held();
  }
  update();
}

void cluster::update() {
  auto now = clock().now();
  bus_status next;
  auto all_tried = !masters_.empty();
  for (auto& [server, master] : masters_) {
    all_tried = all_tried && (master.seen || now - master.since >= start_time);
    if (is_ready(master.status))
      next.state = bus_state::ready;
    next.takes_sessions = next.takes_sessions || master.status.takes_sessions;
    next.keeps = next.keeps || master.status.keeps;
    if (next.reason.empty())
      next.reason = master.status.reason;
  }
  if (masters_.empty())
    next.reason = reason_;
  began_ = began_ || (all_tried && is_ready(next));
  if (!began_)
    next.state = bus_state::away;
  if (std::exchange(state_, next) != next)
    for (auto& observer : observers_)
      send(observer, next);
}

// -- commands that were redirected --------------------------------------------

std::optional<redirection> cluster::parse(const std::string& error) {
  auto from = find_sender();
  return redirection::parse(error,
                            from == masters_.end() ? endpoint{} : from->first);
}

void cluster::on_revoked(const slot_revoked& x) {
  auto found = parse(x.error);
  if (found && found->type == redirection::kind::moved)
    on_moved(*found);
  else
    ask_soon();
}

caf::result<reply> cluster::route(redirected_command& content) {
  auto found = parse(content.error);
  auto result = make_response_promise<reply>();
  auto deadline = clock().now() + content.time;
  held_command command{std::move(content), deadline, result};
  if (found && found->type == redirection::kind::moved) {
    on_moved(*found);
    forward(found->server, false, std::move(command));
  } else if (found && found->type == redirection::kind::ask
             && command.content.follows_ask) {
    forward(found->server, true, std::move(command));
  } else {
    hold(std::move(command));
  }
  return result;
}

void cluster::on_moved(const redirection& to) {
  if (topology_.on_moved(*to.slot, to.server, clock().now()))
    apply();
  ask_soon();
}

void cluster::forward(const endpoint& to, bool asking, held_command command) {
  auto i = masters_.find(to);
  if (i == masters_.end() || !is_ready(i->second.status))
    return hold(std::move(command));
  auto words = command.content.words;
  request(i->second.bridge, caf::infinite,
          routed_command{std::move(words), asking})
    .then(
      [this, command, to](reply& x) mutable {
        auto next = x.type == reply::kind::error
                      ? redirection::parse(x.text, to)
                      : std::nullopt;
        if (!next) {
          command.promise.deliver(std::move(x));
          return;
        }
        command.content.error = x.text;
        if (next->type == redirection::kind::moved)
          on_moved(*next);
        // Two masters that name each other must not be asked in a circle.
        if (next->type == redirection::kind::ask && command.content.follows_ask)
          forward(next->server, true, std::move(command));
        else
          hold(std::move(command));
      },
      [command](caf::error& error) mutable {
        command.promise.deliver(std::move(error));
      });
}

void cluster::hold(held_command command) {
  auto now = clock().now();
  if (now >= command.deadline) {
    command.promise.deliver(caf::error{errc::bus_away, command.content.error});
    return;
  }
  held_.push_back(std::move(command));
  schedule_tick(now + retry_interval);
}

void cluster::retry_held() {
  for (auto& command : std::exchange(held_, {})) {
    auto slot = slot_of(command.content.words);
    auto master = slot ? by_slot_[*slot] : nullptr;
    auto server = std::find_if(masters_.begin(), masters_.end(),
                               [&](auto& x) { return &x.second == master; });
    if (server == masters_.end() || clock().now() >= command.deadline)
      hold(std::move(command));
    else
      forward(server->first, false, std::move(command));
  }
}

} // namespace waybill::redis
