#include "redis/shards.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>

namespace waybill::redis {

namespace {

/// FNV-1a with a last round of its own: the same on every machine, other than
/// std::hash, and far apart for texts that differ in their last byte.
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

/// Tells whether a figure of all servers is the sum of theirs, and not the
/// largest.
bool is_sum(const std::string& figure) {
  return figure != "nodes" && figure != "bus_lag_microseconds"
         && figure != "redis_evicts";
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
  // Without one of them this bus only looks alive.
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
  // Bridges and observers refer to this bus.
  bridges_.clear();
  observers_.clear();
}

shards::behavior_type shards::make_behavior() {
  for (auto& bridge : bridges_)
    send(bridge, subscribe_atom_v, observer_actor{this});
  return {
    [this](subscribe_atom, const observer_actor& observer) {
      observers_.push_back(observer);
      send(observer, state_);
    },
    [this](attach_atom, const push_address& address,
           const registry_actor& registry) {
      return delegate(bridge_of(address), attach_atom_v, address, registry);
    },
    [this](detach_atom, const push_address& address,
           const registry_actor& registry) {
      return delegate(bridge_of(address), detach_atom_v, address, registry);
    },
    [this](publish_atom, const push_address& address, push& push) {
      return delegate(bridge_of(address), publish_atom_v, address,
                      std::move(push));
    },
    [this](await_atom, const push_address& address, const std::string& id,
           const receipt_actor& receipt) {
      send(bridge_of(address), await_atom_v, address, id, receipt);
    },
    [this](forget_atom, const push_address& address, const std::string& id) {
      send(bridge_of(address), forget_atom_v, address, id);
    },
    [this](report_atom, const push_address& address, report& report) {
      send(bridge_of(address), report_atom_v, address, std::move(report));
    },
    [this](probe_atom, const push_address& address, const std::string& node,
           const std::string& id) {
      return delegate(bridge_of(address), probe_atom_v, address, node, id);
    },
    [this](record_atom, const push_address& address, const std::string& key,
           const outcome& outcome) {
      send(bridge_of(address), record_atom_v, address, key, outcome);
    },
    [this](read_atom, const inbox_query& query) {
      return delegate(bridge_of(query.address), read_atom_v, query);
    },
    [this](confirm_atom, const push_address& address,
           const std::string& entry) {
      send(bridge_of(address), confirm_atom_v, address, entry);
    },
    [this](claim_atom, const push_address& address) {
      return delegate(bridge_of(address), claim_atom_v, address);
    },
    [this](presence_atom, const push_address& address) {
      return delegate(bridge_of(address), presence_atom_v, address);
    },
    [this](get_atom, const push_address& address) {
      return delegate(bridge_of(address), get_atom_v, address);
    },
    [this](state_atom) { return state_; },
    [this](state_atom, const push_address& address) {
      return states_[shard_of(address, servers_)];
    },
    [this](get_atom) { return metrics(); },
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

caf::result<counters> shards::metrics() {
  struct sum {
    counters total;
    size_t missing;
  };
  auto result = make_response_promise<counters>();
  auto all = std::make_shared<sum>(sum{{}, bridges_.size()});
  for (auto& bridge : bridges_)
    request(bridge, caf::infinite, get_atom_v)
      .then([all, result](const counters& part) mutable {
        for (auto& [name, value] : part)
          if (is_sum(name))
            all->total[name] += value;
          else
            all->total[name] = std::max(all->total[name], value);
        if (--all->missing == 0)
          result.deliver(std::move(all->total));
      });
  return result;
}

} // namespace waybill::redis
