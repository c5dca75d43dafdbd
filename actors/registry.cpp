#include "actors/registry.hpp"

#include <algorithm>

namespace waybill {

namespace {

/// How often a share of the sessions is closed while a node drains.
constexpr auto drain_step = std::chrono::milliseconds{50};

/// How many sessions are closed at each step at least: a small node needs no
/// time to drain.
constexpr size_t smallest_share = 5;

const auto stopping
  = close_reason{close_code::going_away, "this node is stopping"};

} // namespace

registry::registry(caf::actor_config& cfg, caf::execution_unit* host,
                   bus_actor bus, same_id policy, complaint on_failure)
    : hosted(cfg, host), bus_(std::move(bus)), policy_(policy),
      on_failure_(std::move(on_failure)), counts_{{"joins", 0},
                                                  {"deliveries", 0},
                                                  {"slow_clients", 0},
                                                  {"dropped_frames", 0},
                                                  {"failed_sessions", 0},
                                                  {"replaced_sessions", 0}} {
  set_down_handler([this](caf::down_msg& x) {
    if (x.reason == errc::too_slow || x.reason == errc::dropped) {
      counts_["slow_clients"] += x.reason == errc::too_slow;
      counts_["dropped_frames"] += x.reason.context().get_as<uint64_t>(0);
    } else if (x.reason && x.reason != caf::exit_reason::normal) {
      ++counts_["failed_sessions"];
      if (on_failure_)
        on_failure_(system().render(x.reason));
    }
    leave(x.source.id());
  });
}

const char* registry::name() const {
  return "waybill.registry";
}

void registry::on_exit() {
  // A promise refers to the actor that made it.
  drained_ = {};
}

registry::behavior_type registry::make_behavior() {
  send(bus_, subscribe_atom_v, observer_actor{this});
  return {
    [this](join_atom, const push_address& where, const session_actor& who) {
      join(where, who);
    },
    [this](deliver_atom, const push_address& where, const push& what) {
      deliver(where, what);
    },
    [this](bus_state state) {
      state_ = state;
      for (auto& [key, what] : entries_)
        greet(what);
    },
    [this](drain_atom, caf::timespan time) {
      draining_ = true;
      drained_ = make_response_promise<ok_atom>();
      to_drain_.clear();
      for (auto& [id, who] : members_)
        to_drain_.push_back(who.session);
      auto steps = static_cast<size_t>(time / drain_step) + 1;
      drain_share_ = std::max(smallest_share, to_drain_.size() / steps + 1);
      drain_some();
      return drained_;
    },
    [this](tick_atom) { drain_some(); },
    [this](count_atom, const std::string& name) { ++counts_[name]; },
    [this](get_atom) {
      auto result = counts_;
      result["sessions"] = members_.size();
      result["addresses"] = entries_.size();
      return result;
    },
  };
}

void registry::join(const push_address& where, const session_actor& who) {
  ++counts_["joins"];
  monitor(who);
  members_.emplace(who.id(), member{who, where});
  if (draining_) {
    send(who, close_atom_v, stopping);
    return;
  }
  auto [i, added] = entries_.try_emplace(where.key());
  auto& what = i->second;
  if (policy_ == same_id::newest_per_node) {
    for (auto& older : what.sessions) {
      ++counts_["replaced_sessions"];
      send(older, close_atom_v,
           close_reason{close_code::replaced,
                        "a newer session of your id took over"});
    }
    what.sessions.clear();
    what.waiting.clear();
  }
  what.sessions.push_back(who);
  what.waiting.push_back(who);
  if (added)
    attach(where, what);
  else
    greet(what);
}

void registry::leave(caf::actor_id who) {
  auto i = members_.find(who);
  if (i == members_.end())
    return;
  auto [session, where] = std::move(i->second);
  members_.erase(i);
  auto entry = entries_.find(where.key());
  // Nothing to remove: it was replaced, and the address is another's now.
  if (entry != entries_.end() && std::erase(entry->second.sessions, session)) {
    std::erase(entry->second.waiting, session);
    if (entry->second.sessions.empty()) {
      auto detached = entry->second.detached;
      entries_.erase(entry);
      if (!detached)
        detach(where, [] {});
    }
  }
  if (drained_.pending() && members_.empty())
    drained_.deliver(ok_atom_v);
}

void registry::attach(const push_address& where, entry& what) {
  auto attachment = what.attachment = ++attachments_;
  request(bus_, caf::infinite, attach_atom_v, where, registry_actor{this})
    .then(
      [this, key = where.key(), attachment](ok_atom) {
        // The address may have been left, and even joined again, since.
        auto i = entries_.find(key);
        if (i == entries_.end() || i->second.attachment != attachment)
          return;
        i->second.attached = true;
        greet(i->second);
      },
      [](const caf::error&) {
        // Given up by `leave` before the bus was done: nobody waits for it.
      });
}

template <class Then>
void registry::detach(const push_address& where, Then then) {
  // A bus that fails ends the node, but its sessions are still closed.
  request(bus_, caf::infinite, detach_atom_v, where, registry_actor{this})
    .then([then](ok_atom) { then(); }, [then](const caf::error&) { then(); });
}

void registry::greet(entry& what) {
  if (state_ != bus_state::ready || !what.attached)
    return;
  for (auto& who : what.waiting)
    send(who, greet_atom_v);
  what.waiting.clear();
}

void registry::deliver(const push_address& where, const push& what) {
  auto i = entries_.find(where.key());
  if (i == entries_.end())
    return;
  counts_["deliveries"] += i->second.sessions.size();
  for (auto& who : i->second.sessions)
    send(who, deliver_atom_v, what.body);
}

void registry::drain_some() {
  if (members_.empty() && drained_.pending()) {
    drained_.deliver(ok_atom_v);
    return;
  }
  for (auto n = drain_share_; n > 0 && !to_drain_.empty(); --n) {
    drain(to_drain_.back());
    to_drain_.pop_back();
  }
  if (!to_drain_.empty())
    delayed_send(this, drain_step, tick_atom_v);
}

void registry::drain(const session_actor& who) {
  auto i = members_.find(who.id());
  if (i == members_.end())
    return;
  auto& where = i->second.joined;
  auto entry = entries_.find(where.key());
  // Without an entry, or with another's, it is being closed already.
  if (entry == entries_.end() || entry->second.detached)
    return;
  entry->second.detached = true;
  detach(where, [this, key = where.key()] {
    auto i = entries_.find(key);
    if (i != entries_.end())
      for (auto& who : i->second.sessions)
        send(who, close_atom_v, stopping);
  });
}

} // namespace waybill
