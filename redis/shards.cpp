#include "redis/shards.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>

namespace waybill::redis {

namespace {

/// FNV-1a with a final mixing step: unlike std::hash it is the same on every
/// machine, and the step spreads texts that differ only in their last byte.
uint64_t hash(std::string_view server, std::string_view key) {
  uint64_t result = 14695981039346656037ull;
  auto add = [&](std::string_view text) {
    for (unsigned char c : text)
      result = (result ^ c) * 1099511628211ull;
  };
  add(server);
  add("\n");
  add(key);
  result ^= result >> 33;
  result *= 0xff51afd7ed558ccdull;
  result ^= result >> 33;
  return result;
}

} // namespace

size_t shard_of(const push_address& address,
                const std::vector<std::string>& servers) {
  auto is_less = [&](const std::string& x, const std::string& y) {
    return hash(x, address.key()) < hash(y, address.key());
  };
  auto largest = std::max_element(servers.begin(), servers.end(), is_less);
  return static_cast<size_t>(largest - servers.begin());
}

shards::shards(caf::actor_config& cfg, caf::execution_unit* host,
               std::vector<shard> all)
    : hosted(cfg, host), states_(all.size()), seen_(all.size(), false) {
  // Without one of its bridges this bus cannot serve all addresses.
  set_down_handler([this](caf::down_msg& x) { quit(x.reason); });
  for (auto& shard : all) {
    monitor(shard.bridge);
    servers_.push_back(std::move(shard.server));
    bridges_.push_back(std::move(shard.bridge));
  }
}

const char* shards::name() const {
  return "waybill.shards";
}

void shards::on_exit() {
  // Breaks cycles: bridges and observers refer to this bus.
  bridges_.clear();
  observers_.clear();
}

template <class Atom, class... Ts>
auto shards::delegating() {
  return [this](Atom atom, const push_address& address, const Ts&... xs) {
    return delegate(bridge_of(address), atom, address, xs...);
  };
}

template <class Atom, class... Ts>
auto shards::sending() {
  return [this](Atom atom, const push_address& address, const Ts&... xs) {
    send(bridge_of(address), atom, address, xs...);
  };
}

shards::behavior_type shards::make_behavior() {
  for (auto& bridge : bridges_)
    send(bridge, subscribe_atom_v, observer_actor{this});
  return {
    [this](subscribe_atom, const observer_actor& observer) {
      observers_.push_back(observer);
      send(observer, state_);
    },
    delegating<attach_atom, registry_actor>(),
    delegating<detach_atom, registry_actor>(),
    [this](publish_atom, const push_address& address, push& push) {
      return delegate(bridge_of(address), publish_atom_v, address,
                      std::move(push));
    },
    [this](publish_atom, numbered_pushes& pushes,
           const outcome_receiver_actor& receiver) {
      publish(pushes, receiver);
    },
    delegating<publish_atom, kick>(),
    delegating<publish_atom, query>(),
    sending<await_atom, std::string, report_receiver_actor>(),
    sending<forget_atom, std::string>(),
    [this](report_atom, const push_address& address, report& report) {
      send(bridge_of(address), report_atom_v, address, std::move(report));
    },
    delegating<probe_atom, std::string, std::string>(),
    sending<record_atom, std::string, outcome>(),
    [this](read_atom, const inbox_query& query) {
      return delegate(bridge_of(query.address), read_atom_v, query);
    },
    sending<confirm_atom, std::string>(),
    delegating<claim_atom>(),
    delegating<presence_atom>(),
    delegating<get_atom>(),
    [this](state_atom) { return state_; },
    [this](state_atom, const push_address& address) {
      return states_[shard_of(address, servers_)];
    },
    [this](get_atom) { return collect(); },
    [this](const client_message& message) {
      send(bridge_of(push_address::id(message.id)), message);
    },
    [this](leave_atom) {
      for (auto& bridge : bridges_)
        send(bridge, leave_atom_v);
    },
    [this](const bus_status& status) {
      auto i = std::find(bridges_.begin(), bridges_.end(), current_sender());
      if (i != bridges_.end())
        on_state(static_cast<size_t>(i - bridges_.begin()), status);
    },
  };
}

void shards::publish(numbered_pushes& pushes,
                     const outcome_receiver_actor& receiver) {
  std::vector<numbered_pushes> parts(bridges_.size());
  for (auto& push : pushes)
    parts[shard_of(push.address, servers_)].push_back(std::move(push));
  for (size_t i = 0; i < parts.size(); ++i)
    if (!parts[i].empty())
      send(bridges_[i], publish_atom_v, std::move(parts[i]), receiver);
}

const bridge_actor& shards::bridge_of(const push_address& address) const {
  return bridges_[shard_of(address, servers_)];
}

void shards::on_state(size_t shard, const bus_status& status) {
  states_[shard] = status;
  auto is_ready
    = [](const bus_status& x) { return x.state == bus_state::ready; };
  seen_[shard] = seen_[shard] || is_ready(status);
  bus_status now;
  if (std::all_of(seen_.begin(), seen_.end(), [](bool seen) { return seen; })
      && std::any_of(states_.begin(), states_.end(), is_ready))
    now.state = bus_state::ready;
  for (auto& other : states_) {
    now.takes_sessions = now.takes_sessions || other.takes_sessions;
    now.keeps = now.keeps || other.keeps;
    if (now.reason.empty())
      now.reason = other.reason;
  }
  if (std::exchange(state_, now) != now)
    for (auto& observer : observers_)
      send(observer, now);
}

caf::result<metrics> shards::collect() {
  struct sum {
    metrics total;
    size_t missing;
  };
  auto result = make_response_promise<metrics>();
  auto all = std::make_shared<sum>(sum{{}, bridges_.size()});
  for (auto& bridge : bridges_)
    request(bridge, caf::infinite, get_atom_v)
      .then([all, result](const metrics& part) mutable {
        all->total += part;
        if (--all->missing == 0)
          result.deliver(all->total);
      });
  return result;
}

} // namespace waybill::redis
