// The state of Redis and the cluster as a bridge sees it: canaries, checks,
// beats, and the transitions that follow from them.

#include "redis/bridge.hpp"

#include <sstream>
#include <string_view>
#include <utility>

#include <spdlog/spdlog.h>

namespace waybill::redis {

namespace {

/// Time for which another node of this name is assumed to exist after its last
/// canary, and time that a new node waits for such a canary.
constexpr auto rival_time = std::chrono::seconds{3};
constexpr auto naming_time = std::chrono::milliseconds{1200};

/// Minimum time between two attempts to leave a replica.
constexpr auto replica_time = std::chrono::seconds{10};

/// Number of ticks between two checks of the eviction policy.
constexpr uint64_t policy_ticks = 120;

} // namespace

// -- canaries and ticks
// -----------------------------------------------------------------

void bridge::send_canary() {
  lag_.on_sent(++canaries_, clock().now());
  auto message = std::to_string(canaries_) + ' ' + config_.instance_id + ' '
                 + std::to_string(config_.began);
  if (config_.cluster)
    return send_cluster_canary(message);
  redis_->send(
    {"PUBLISH", own_channel_, std::move(message)},
    [this](const caf::expected<reply>& reply) { on_canary_reply(reply); });
}

void bridge::on_canary_reply(const caf::expected<reply>& reply) {
  if (!reply)
    return;
  auto is_error = reply->type == reply::kind::error;
  auto kind = is_error ? impairment_of(reply->text) : impairment::none;
  if (kind == impairment::commands)
    return on_impaired(kind, reply->text);
  health_.on_canary_reply(is_error ? reply->text : "");
  if (!is_error && reply->number > 0)
    silence_.on_accepted(clock().now());
  // A second subscriber may be an earlier connection of this node.
  if (!is_error && reply->number <= 1)
    health_.on_named();
  update();
}

void bridge::on_tick() {
  delayed_send(this, canary_interval, tick_atom_v);
  auto now = clock().now();
  silence_.on_tick(now);
  if (retiring_ && !linked_)
    return end_if_idle();
  if (!linked_)
    return;
  if (now - up_since_ >= naming_time)
    health_.on_named();
  if (now >= rival_until_)
    health_.on_rival("");
  update();
  if (redis_->take_activity())
    silence_.on_bytes(now);
  if (silence_.is_dead(now))
    return redis_->abandon("no message returned in time");
  renew_subscriptions();
  end_subscriptions();
  check();
  if (unconfirmed_.empty() || is_ready()) {
    send_canary();
    tick_canary_ = canaries_;
  }
  if (++ticks_ % policy_ticks == 0)
    read_info({"INFO", "memory"});
  if (!is_ready())
    return;
  count_nodes();
  if (ticks_ % 2 == 0 && !leaving_)
    send_beat(false);
  if (std::exchange(retry_, false) && holder_)
    send(holder_, bus_state::ready);
}

// -- status -------------------------------------------------------------------

void bridge::update() {
  auto old = std::exchange(status_, health_.status());
  if (status_ == old)
    return;
  auto was_ready = old.state == bus_state::ready;
  if (is_ready() && !was_ready)
    end_outage();
  else if (was_ready && !is_ready())
    begin_outage();
  else if (is_ready() && holder_
           && status_.takes_sessions + status_.keeps
                > old.takes_sessions + old.keeps)
    send(holder_, bus_state::ready);
  if (linked_ && status_.reason != old.reason && (is_ready() || was_ready)) {
    if (status_.reason.empty() && was_ready)
      spdlog::info("Redis has fully recovered ({})", config_.server);
    else if (!status_.reason.empty())
      spdlog::warn("{}: {} ({})",
                   !is_ready()              ? "WB-204 Redis is away"
                   : status_.takes_sessions ? "WB-205 Redis cannot store pushes"
                                            : "WB-206 new sessions are refused",
                   status_.reason, config_.server);
  }
  for (auto& observer : observers_)
    send(observer, status_);
}

void bridge::check() {
  auto every_command = !is_ready() || !status_.reason.empty() || retry_;
  commands_.check(every_command, [this](caf::expected<check_result> result) {
    if (!result && commands::is_redirected(result.error())) {
      // The slot of the keys is migrating or has moved: the next check takes
      // others.
      commands_.change_unused_address();
    } else if (result) {
      if (impairment_of(result->keeping) == impairment::server)
        on_impaired(impairment::server, result->keeping);
      health_.on_check(std::move(*result));
    } else if (!result.error().context().empty()) {
      // Scripts do not run at all.
      auto reason = result.error().context().get_as<std::string>(0);
      if (impairment_of(reason) <= impairment::function)
        health_.on_check({reason, reason, reason});
    }
    update();
  });
}

void bridge::read_info(const command& words) {
  redis_->send(words, [this](const caf::expected<reply>& reply) {
    if (!reply || reply->type != reply::kind::text)
      return;
    auto& text = reply->text;
    if (!config_.cluster && text.find("\ncluster_enabled:1") != text.npos)
      return quit(caf::error{
        errc::failed,
        config_.server + " is part of a Redis Cluster: use redis+cluster://"});
    auto evicts = text.find("\nmaxmemory:0\r") == text.npos
                  && text.find("\nmaxmemory_policy:") != text.npos
                  && text.find("\nmaxmemory_policy:noeviction") == text.npos;
    auto& figure = counts_[metric::redis_evicts];
    if (std::exchange(figure, evicts) != evicts && evicts)
      spdlog::warn("WB-207 Redis deletes mailboxes when its memory is full: "
                   "set maxmemory-policy to noeviction ({})",
                   config_.server);
  });
}

size_t bridge::expected_nodes() {
  return nodes_.expected(clock().now());
}

void bridge::on_impaired(impairment kind, const std::string& error) {
  // After a reconnect the host name may resolve to the master.
  auto now = clock().now();
  if (kind == impairment::server && now >= leave_replica_after_) {
    leave_replica_after_ = now + replica_time;
    return redis_->reset(error);
  }
  if (kind != impairment::commands) {
    // The next check finds the other functions that are affected.
    retry_ = true;
    return;
  }
  health_.on_stopped(error);
  // Redis replied, so the link works.
  silence_.on_proof(now);
  update();
}

void bridge::begin_outage() {
  away_since_ = clock().now();
  in_outage_ = true;
  nodes_.on_away();
  push_addresses lost;
  for (auto& [channel, held] : entries_)
    if (held.held)
      lost.push_back(held.address);
  lose(std::move(lost));
}

void bridge::end_outage() {
  if (std::exchange(in_outage_, false))
    counts_[metric::gap_milliseconds]
      += static_cast<uint64_t>(outage_time().count());
  nodes_.on_ready(clock().now());
  if (!leaving_)
    send_beat(false);
  spdlog::info(
    "Redis is ready after {} ms, {} subscribed ({})", outage_time().count(),
    entries_.size() == 1 ? "1 address"
                         : std::to_string(entries_.size()) + " addresses",
    config_.server);
  for (auto& [channel, held] : entries_)
    if (held.attached.pending() && !unconfirmed_.contains(channel))
      complete_attachment(held);
  if (holder_)
    send(holder_, bus_state::ready);
}

std::chrono::milliseconds bridge::outage_time() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock().now()
                                                               - away_since_);
}

metrics bridge::collect() {
  auto result = counts_;
  auto now = clock().now();
  result[metric::bus_lag_microseconds] = static_cast<uint64_t>(
    std::chrono::duration_cast<std::chrono::microseconds>(lag_.lag(now))
      .count());
  result[metric::nodes] = nodes_.present(now);
  if (is_ready())
    return result;
  result[metric::servers_away] = 1;
  if (in_outage_)
    result[metric::gap_milliseconds]
      += static_cast<uint64_t>(outage_time().count());
  return result;
}

// -- canaries and beats received ----------------------------------------------

void bridge::on_canary(const std::string& bytes) {
  std::istringstream in{bytes};
  uint64_t number = 0, began = 0;
  std::string tag;
  in >> number >> tag >> began;
  if (tag != config_.instance_id)
    return on_foreign_canary(tag, began);
  // A canary of an earlier link proves nothing about this one.
  if (number < first_canary_ || number > canaries_)
    return;
  auto now = clock().now();
  silence_.on_proof(now);
  lag_.on_heard(number, now);
  fence_.on_returned(number);
  if (unconfirmed_.empty())
    health_.on_canary();
  update();
  if (tick_canary_ == 0 || number < tick_canary_)
    return;
  tick_canary_ = 0;
  for (auto& node : nodes_.on_canary())
    cut_off(node);
}

void bridge::on_foreign_canary(std::string_view tag, uint64_t began) {
  ++counts_[metric::name_clashes];
  if (auto left_out
      = gate_.take("WB-208", clock().now(), std::chrono::minutes{1}))
    spdlog::error("WB-208 another node is called \"{}\", too: give each a "
                  "--node of its own{}",
                  config_.node, *left_out);
  // Both would receive the reports of either, so the later node steps back.
  if (std::pair{began, tag}
      < std::pair{config_.began, std::string_view{config_.instance_id}}) {
    rival_until_ = clock().now() + rival_time;
    health_.on_rival("another node is called \"" + config_.node + "\", too");
    update();
  }
}

void bridge::count_nodes() {
  commands_.count_nodes([this](const caf::expected<uint64_t>& nodes) {
    if (!nodes || !is_ready())
      return;
    nodes_.on_count(*nodes, clock().now());
    if (router_ && std::exchange(reported_nodes_, *nodes) != *nodes)
      send(router_, node_count{*nodes});
  });
}

void bridge::send_beat(bool leaving) {
  redis_->send(
    commands_.message_to_nodes(encode(beat{config_.node, client_, leaving})),
    [](const caf::expected<reply>&) {
      // Canaries detect that Redis refuses PUBLISH.
    });
}

void bridge::set_farewell() {
  beat lost{config_.node};
  lost.missing = true;
  redis_->set_farewell(commands_.message_to_nodes(encode(lost)));
}

void bridge::leave() {
  leaving_ = true;
  if (linked_)
    send_beat(true);
}

void bridge::cut_off(const node_table::silent_node& node) {
  auto advise = [this, name = node.name] {
    complain_of_redis("WB-209", "node " + name
                                  + " is silent; Redis counts it until "
                                    "tcp-keepalive ends its connection");
  };
  if (node.client == 0)
    return advise();
  redis_->send(
    {"CLIENT", "KILL", "ID", std::to_string(node.client), "TYPE", "pubsub"},
    [this, advise, name = node.name](const caf::expected<reply>& x) {
      if (!x)
        return;
      if (x->type == reply::kind::error)
        return advise();
      if (x->number == 0)
        return;
      ++counts_[metric::silent_nodes];
      nodes_.on_cut_off(name);
      complain_of_redis("WB-209", "node " + name
                                    + " is silent and was cut off from Redis");
    });
}

} // namespace waybill::redis
