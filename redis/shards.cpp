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

size_t shard_of(const push_address& where,
                const std::vector<std::string>& servers) {
  auto is_less = [&](const std::string& x, const std::string& y) {
    return hash(x, where.key()) < hash(y, where.key());
  };
  auto largest = std::max_element(servers.begin(), servers.end(), is_less);
  return static_cast<size_t>(largest - servers.begin());
}

shards::shards(caf::actor_config& cfg, caf::execution_unit* host,
               std::vector<shard> all)
    : hosted(cfg, host), states_(all.size()), seen_(all.size(), false) {
  // Without one of them this bus only looks alive.
  set_down_handler([this](caf::down_msg& x) { quit(x.reason); });
  for (auto& each : all) {
    monitor(each.bridge);
    servers_.push_back(std::move(each.server));
    bridges_.push_back(std::move(each.bridge));
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
  for (auto& each : bridges_)
    send(each, subscribe_atom_v, observer_actor{this});
  return {
    [this](subscribe_atom, const observer_actor& observer) {
      observers_.push_back(observer);
      send(observer, state_);
    },
    [this](attach_atom, const push_address& where, const registry_actor& who) {
      return delegate(bridge_of(where), attach_atom_v, where, who);
    },
    [this](detach_atom, const push_address& where, const registry_actor& who) {
      return delegate(bridge_of(where), detach_atom_v, where, who);
    },
    [this](publish_atom, const push_address& where, push& what) {
      return delegate(bridge_of(where), publish_atom_v, where, std::move(what));
    },
    [this](await_atom, const push_address& where, const std::string& id,
           const receipt_actor& who) {
      send(bridge_of(where), await_atom_v, where, id, who);
    },
    [this](forget_atom, const push_address& where, const std::string& id) {
      send(bridge_of(where), forget_atom_v, where, id);
    },
    [this](report_atom, const push_address& where, report& what) {
      send(bridge_of(where), report_atom_v, where, std::move(what));
    },
    [this](probe_atom, const push_address& where, const std::string& node,
           const std::string& id) {
      return delegate(bridge_of(where), probe_atom_v, where, node, id);
    },
    [this](settle_atom, const push_address& where, const std::string& key,
           const outcome& what) {
      send(bridge_of(where), settle_atom_v, where, key, what);
    },
    [this](read_atom, const mailbox_query& what) {
      return delegate(bridge_of(what.where), read_atom_v, what);
    },
    [this](confirm_atom, const push_address& where, const std::string& entry) {
      send(bridge_of(where), confirm_atom_v, where, entry);
    },
    [this](claim_atom, const push_address& where) {
      return delegate(bridge_of(where), claim_atom_v, where);
    },
    [this](presence_atom, const push_address& where) {
      return delegate(bridge_of(where), presence_atom_v, where);
    },
    [this](get_atom, const push_address& where) {
      return delegate(bridge_of(where), get_atom_v, where);
    },
    [this](state_atom) { return state_; },
    [this](state_atom, const push_address& where) {
      return states_[shard_of(where, servers_)];
    },
    [this](get_atom) { return figures(); },
    [this](const client_message& what) {
      send(bridge_of(push_address::id(what.id)), what);
    },
    [this](leave_atom) {
      for (auto& each : bridges_)
        send(each, leave_atom_v);
    },
    [this](const bus_status& status) {
      auto i = std::find(bridges_.begin(), bridges_.end(), current_sender());
      if (i != bridges_.end())
        on_state(static_cast<size_t>(i - bridges_.begin()), status);
    },
  };
}

const bridge_actor& shards::bridge_of(const push_address& where) const {
  return bridges_[shard_of(where, servers_)];
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
  for (auto& each : states_) {
    now.takes_sessions = now.takes_sessions || each.takes_sessions;
    now.keeps = now.keeps || each.keeps;
    if (now.reason.empty())
      now.reason = each.reason;
  }
  if (std::exchange(state_, now) != now)
    for (auto& observer : observers_)
      send(observer, now);
}

caf::result<counters> shards::figures() {
  struct sum {
    counters total;
    size_t missing;
  };
  auto result = make_response_promise<counters>();
  auto all = std::make_shared<sum>(sum{{}, bridges_.size()});
  for (auto& each : bridges_)
    request(each, caf::infinite, get_atom_v)
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
