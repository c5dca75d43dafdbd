// A bridge as a part of a Redis Cluster: the slots of its master.

#include "redis/bridge.hpp"

#include <utility>

#include <spdlog/spdlog.h>

namespace waybill::redis {

void bridge::on(const assignment& part) {
  if (part.slots.none())
    return retire();
  auto old = std::exchange(part_, part);
  if (part.registry)
    holder_ = part.registry;
  auto now = clock().now();
  if (old.slots.none() && part.nodes > 0)
    nodes_.on_inherited(part.nodes);
  // A cluster that this process has just met has not moved.
  if (old.slots.any() || part.nodes > 0)
    moves_.on_moved(old.slots ^ part.slots, now);
  commands_.set_slots(part.slots);
  subscribe_own();
  if (linked_ && old.has_open_channel != part.has_open_channel) {
    if (part.has_open_channel)
      subscribe_open();
    else
      redis_->unsubscribe_open(config_.open_channel);
  }
  give_up(old.slots & ~part.slots);
}

void bridge::subscribe_own() {
  auto own = commands_.all_names().channel_of_node(config_.node);
  auto nodes = commands_.all_names().channel_of_nodes();
  // The former ones end with their slots: messages to them may be on their way.
  std::vector<std::string> added;
  if (std::exchange(own_channel_, own) != own)
    added.push_back(std::move(own));
  if (std::exchange(nodes_channel_, nodes) != nodes)
    added.push_back(std::move(nodes));
  if (!linked_ || added.empty())
    return;
  set_farewell();
  subscribe(std::move(added));
}

void bridge::give_up(const slot_set& lost) {
  if (lost.none())
    return;
  push_addresses addresses;
  for (auto& [channel, held] : entries_) {
    if (!held.held || !lost.test(key_slot(channel)))
      continue;
    // Nodes that do not know of the move publish here, until Redis does.
    held.held = false;
    answer_attach(held, errc::bus_away);
    addresses.push_back(held.address);
  }
  if (addresses.empty())
    return;
  std::vector<std::string> channels;
  for (auto& address : addresses)
    channels.push_back(commands_.channel_of(address));
  if (linked_)
    given_up_.push_back({std::move(channels), clock().now()});
  else
    for (auto& channel : channels)
      forget(entries_.find(channel));
  lose(std::move(addresses));
  // The router knows their next master.
  if (holder_)
    send(holder_, bus_state::ready);
}

void bridge::end_subscriptions() {
  auto now = clock().now();
  for (;
       !given_up_.empty() && now - given_up_.front().second >= slot_moves::time;
       given_up_.pop_front()) {
    auto& channels = given_up_.front().first;
    std::erase_if(channels, [this](const std::string& channel) {
      auto i = entries_.find(channel);
      return i == entries_.end() || i->second.held
             || !i->second.detached.empty();
    });
    if (!channels.empty())
      redis_->unsubscribe(std::move(channels));
  }
}

void bridge::renew_subscriptions() {
  rejected_.clear();
  for (auto& channel : std::exchange(revoked_, {})) {
    if (channel == own_channel_ || channel == nodes_channel_)
      subscribe({channel});
    else if (channel == config_.open_channel && part_.has_open_channel)
      subscribe_open();
  }
}

void bridge::lose(push_addresses lost) {
  counts_[metric::gap_addresses] += lost.size();
  if (holder_)
    send(holder_, lost_atom_v, std::move(lost));
}

void bridge::retire() {
  retiring_ = true;
  if (linked_)
    redis_->reset("its master has no slots");
}

void bridge::end_if_idle() {
  // A command that was redirected may be followed by another.
  if (redirected_ > 0 || !std::exchange(idle_, true))
    return;
  spdlog::info("{} is no master of the Redis Cluster", config_.server);
  counts_[metric::redis_evicts] = 0;
  if (router_)
    send(router_, bridge_retired{counts_});
  quit();
}

bool bridge::has_moved(const std::string& channel) {
  return moves_.has(key_slot(channel), clock().now());
}

caf::error bridge::uncounted() {
  return part_.follows_replica ? errc::unanswered : errc::nodes_missing;
}

bool bridge::has_slot(const std::string& channel) {
  return !config_.cluster || part_.slots.test(key_slot(channel));
}

void bridge::redirect(redirected_command command,
                      commands::handler<reply> handler) {
  ++redirected_;
  auto finish = [this, handler](caf::expected<reply> x) {
    --redirected_;
    idle_ = false;
    handler(std::move(x));
    flush_outcomes();
  };
  request(router_, caf::infinite, std::move(command))
    .then([finish](reply& x) { finish(std::move(x)); },
          [finish](caf::error& error) { finish(std::move(error)); });
}

void bridge::on_redirected(const std::string& error) {
  if (router_)
    send(router_, slot_revoked{error});
}

caf::result<reply> bridge::execute(const routed_command& command) {
  auto promise = make_response_promise<reply>();
  if (command.asking)
    redis_->send({"ASKING"}, [](const caf::expected<reply>&) {
      // If this fails, the command is redirected again.
    });
  redis_->send(command.words, [promise](caf::expected<reply> x) mutable {
    if (x)
      promise.deliver(std::move(*x));
    else
      promise.deliver(std::move(x.error()));
  });
  return promise;
}

void bridge::send_cluster_canary(const std::string& message) {
  commands_.publish_proof(
    own_channel_, message, [this](const caf::expected<reply>& x) {
      if (!x)
        return on_canary_reply(x);
      // The slot of the channel may have moved, and others have not: a server
      // that is no master says so again.
      auto is_moved
        = x->type == reply::kind::error && x->text.starts_with("MOVED ");
      if (is_moved)
        on_redirected(x->text);
      if (!std::exchange(canary_moved_, is_moved) && is_moved)
        return;
      on_canary_reply(x->items.size() == 2 ? x->items[0] : *x);
    });
}

} // namespace waybill::redis
