#include "redis/cluster.hpp"

#include <memory>
#include <utility>

namespace waybill::redis {

cluster::cluster(caf::actor_config& cfg, caf::execution_unit* host,
                 std::vector<endpoint> seeds, std::string server,
                 std::shared_ptr<environment> environment,
                 std::optional<uint16_t> stream_slot)
    : hosted(cfg, host), seeds_(std::move(seeds)), server_(std::move(server)),
      environment_(std::move(environment)), stream_slot_(stream_slot) {
  // Without the bridge of a master this bus cannot serve its addresses.
  set_down_handler([this](caf::down_msg& x) { quit(x.reason); });
}

const char* cluster::name() const {
  return "waybill.cluster";
}

void cluster::on_exit() {
  environment_->stop();
  for (auto& [server, master] : masters_)
    send_exit(master.bridge, caf::exit_reason::user_shutdown);
  // Breaks cycles: bridges, observers and promises refer to this bus.
  by_slot_ = {};
  masters_.clear();
  held_.clear();
  observers_.clear();
  registry_ = nullptr;
}

template <class Result, class Atom, class... Ts>
auto cluster::delegating() {
  return [this](Atom atom, const push_address& address,
                const Ts&... xs) -> caf::result<Result> {
    if (auto master = master_of(address))
      return delegate(master->bridge, atom, address, xs...);
    return unserved();
  };
}

template <class Atom, class... Ts>
auto cluster::sending() {
  return [this](Atom atom, const push_address& address, const Ts&... xs) {
    if (auto master = master_of(address))
      send(master->bridge, atom, address, xs...);
  };
}

template <class Atom, class... Ts>
auto cluster::telling_all() {
  return [this](Atom atom, const push_address& address, const Ts&... xs) {
    for (auto& [server, master] : masters_)
      send(master.bridge, atom, address, xs...);
  };
}

cluster::behavior_type cluster::make_behavior() {
  schedule_tick(clock().now());
  return {
    [this](subscribe_atom, const observer_actor& observer) {
      observers_.push_back(observer);
      send(observer, state_);
    },
    [this](attach_atom, const push_address& address,
           const registry_actor& registry) {
      return attach_address(address, registry);
    },
    delegating<ok_atom, detach_atom, registry_actor>(),
    delegating<outcome, publish_atom, push>(),
    [this](publish_atom, numbered_pushes& pushes,
           const outcome_receiver_actor& receiver) {
      publish(pushes, receiver);
    },
    delegating<uint64_t, publish_atom, kick>(),
    delegating<uint64_t, publish_atom, query>(),
    telling_all<await_atom, std::string, report_receiver_actor>(),
    telling_all<forget_atom, std::string>(),
    sending<report_atom, report>(),
    delegating<uint64_t, probe_atom, std::string, std::string>(),
    sending<record_atom, std::string, outcome>(),
    [this](read_atom, const inbox_query& query) -> caf::result<inbox_page> {
      if (auto master = master_of(query.address))
        return delegate(master->bridge, read_atom_v, query);
      return unserved();
    },
    delegating<inbox_summary, read_atom>(),
    delegating<uint64_t, drop_atom>(),
    sending<confirm_atom, std::string>(),
    delegating<uint64_t, claim_atom>(),
    delegating<uint64_t, presence_atom>(),
    delegating<uint64_t, get_atom>(),
    [this](state_atom) { return state_; },
    [this](state_atom, const push_address& address) {
      return status_of(address);
    },
    [this](get_atom) { return collect(); },
    [this](const client_message& message) { publish_upstream(message); },
    [this](leave_atom) { leave(); },
    [this](redirected_command& command) { return route(command); },
    [this](const node_count& x) {
      if (auto i = find_sender(); i != masters_.end())
        i->second.nodes = x.nodes;
    },
    [this](const slot_revoked& x) { on_revoked(x); },
    [this](const bridge_retired& x) { counts_ += x.counts; },
    [this](const bus_status& status) { on_state(status); },
    [this](const slots_reply& x) { on_slots(x.source, x.reply); },
    [this](tick_atom) { on_tick(); },
  };
}

cluster::master* cluster::master_of(const push_address& address) {
  // The tag of the channel is the key of the address.
  return by_slot_[key_slot('{' + address.key() + '}')];
}

void cluster::publish(numbered_pushes& pushes,
                      const outcome_receiver_actor& receiver) {
  std::map<master*, numbered_pushes> parts;
  for (auto& push : pushes)
    parts[master_of(push.address)].push_back(std::move(push));
  for (auto& [master, part] : parts) {
    if (master) {
      send(master->bridge, publish_atom_v, std::move(part), receiver);
      continue;
    }
    numbered_outcomes outcomes;
    for (auto& push : part)
      outcomes.push_back({push.number, unserved()});
    send(receiver, std::move(outcomes));
  }
}

caf::result<bool> cluster::attach_address(const push_address& address,
                                          const registry_actor& registry) {
  if (registry_ != registry) {
    registry_ = registry;
    assign_open_channel();
  }
  if (auto master = master_of(address))
    return delegate(master->bridge, attach_atom_v, address, registry);
  return unserved();
}

bus_status cluster::status_of(const push_address& address) {
  auto master = master_of(address);
  return master ? master->status
                : bus_status{bus_state::away, false, false, reason_};
}

void cluster::leave() {
  for (auto& [server, master] : masters_)
    send(master.bridge, leave_atom_v);
}

void cluster::publish_upstream(const client_message& message) {
  master* target = nullptr;
  if (stream_slot_)
    target = by_slot_[*stream_slot_];
  else if (auto i = masters_.find(open_); i != masters_.end())
    // Any master can publish it; the one with the open channel is ready.
    target = &i->second;
  if (target)
    send(target->bridge, message);
  else
    ++counts_[metric::upstream_dropped];
}

caf::result<metrics> cluster::collect() {
  struct sum {
    metrics total;
    size_t missing;
  };
  auto all = std::make_shared<sum>(sum{counts_, masters_.size()});
  if (masters_.empty()) {
    all->total[metric::servers_away] = 1;
    return all->total;
  }
  auto result = make_response_promise<metrics>();
  auto add = [all, result](const metrics& part) mutable {
    all->total += part;
    if (--all->missing == 0)
      result.deliver(all->total);
  };
  for (auto& [server, master] : masters_)
    request(master.bridge, caf::infinite, get_atom_v)
      // The bridge of a master that has just gone counts nothing more.
      .then(add, [add](const caf::error&) mutable { add({}); });
  return result;
}

} // namespace waybill::redis
