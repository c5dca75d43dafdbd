#include "actors/loopback.hpp"

namespace waybill {

loopback::loopback(caf::actor_config& cfg, caf::execution_unit* host)
    : hosted(cfg, host) {
  // nop
}

const char* loopback::name() const {
  return "waybill.loopback";
}

void loopback::on_exit() {
  // A registry refers to its bus.
  holders_.clear();
}

loopback::behavior_type loopback::make_behavior() {
  return {
    [this](subscribe_atom, const observer_actor& observer) {
      send(observer, bus_state::ready);
    },
    [this](attach_atom, const push_address& where, const registry_actor& who) {
      holders_[where.key()].push_back(who);
      return ok_atom_v;
    },
    [this](detach_atom, const push_address& where, const registry_actor& who) {
      auto i = holders_.find(where.key());
      if (i != holders_.end() && std::erase(i->second, who) > 0
          && i->second.empty())
        holders_.erase(i);
      return ok_atom_v;
    },
    [this](publish_atom, const push_address& where, const push& what) {
      auto& found = holders(where);
      for (auto& who : found)
        send(who, deliver_atom_v, where, what);
      return uint64_t{found.size()};
    },
    [this](presence_atom, const push_address& where) {
      return uint64_t{holders(where).size()};
    },
    [](state_atom) { return bus_state::ready; },
    [](get_atom) { return counters{}; },
  };
}

const std::vector<registry_actor>&
loopback::holders(const push_address& where) const {
  static const std::vector<registry_actor> nobody;
  auto i = holders_.find(where.key());
  return i == holders_.end() ? nobody : i->second;
}

} // namespace waybill
