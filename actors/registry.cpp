#include "actors/registry.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace waybill {

namespace {

/// How often a share of the sessions is closed while a node drains.
constexpr auto drain_step = std::chrono::milliseconds{50};

/// How many sessions are closed at each step at least: a small node needs no
/// time to drain.
constexpr size_t smallest_share = 5;

const auto stopping
  = close_reason{close_code::going_away, "this node is stopping"};

const auto replaced
  = close_reason{close_code::replaced, "a newer session of your id took over"};

const auto too_much = close_reason{close_code::try_again_later,
                                   "too much waits for clients of this node"};

/// Returns the figure that counts those who were refused for this reason.
const char* figure_of(errc why) {
  return why == errc::node_full ? "over_max_sessions"
         : why == errc::id_full ? "over_max_sessions_per_id"
                                : "over_max_sessions_per_peer";
}

/// Returns the figure that counts sessions which end with this code.
const char* figure_of(close_code code) {
  switch (code) {
  case close_code::replaced:
    return "replaced_sessions";
  case close_code::kicked:
    return "kicked_sessions";
  case close_code::try_again_later:
    return "node_queue_closes";
  case close_code::going_away:
  case close_code::internal_error:
  case close_code::policy_violation:
  case close_code::bad_text:
  case close_code::token_expired:
    break;
  }
  return "failed_sessions";
}

} // namespace

registry::registry(caf::actor_config& cfg, caf::execution_unit* host,
                   bus_actor bus, same_id policy, complaint on_failure,
                   node_limits limits)
    : hosted(cfg, host), bus_(std::move(bus)), policy_(policy),
      on_failure_(std::move(on_failure)), limits_(limits),
      places_(limits.sessions),
      pushers_({static_cast<double>(limits.max_push_rate),
                static_cast<double>(limits.max_push_rate)}),
      counts_{{"joins", 0},
              {"deliveries", 0},
              {"slow_clients", 0},
              {"flooding_clients", 0},
              {"dropped_frames", 0},
              {"failed_sessions", 0},
              {"tls_failures", 0},
              {"proxy_failures", 0},
              {"kicked_sessions", 0},
              {"node_queue_closes", 0},
              {"over_max_connection_rate", 0},
              {"over_max_push_rate", 0},
              {"over_max_request_memory", 0},
              {"over_max_sessions", 0},
              {"over_max_sessions_per_id", 0},
              {"over_max_sessions_per_peer", 0},
              {"replaced_sessions", 0},
              {"kept_pushes", 0},
              {"mailbox_read", 0},
              {"mailbox_milliseconds", 0},
              {"refused_requests", 0},
              {"refused_tokens", 0},
              {"refused_keys", 0},
              {"refused_origins", 0},
              {"unread_answers", 0}} {
  set_down_handler([this](caf::down_msg& x) {
    if (x.reason == errc::too_slow || x.reason == errc::too_fast
        || x.reason == errc::dropped) {
      counts_["slow_clients"] += x.reason == errc::too_slow;
      counts_["flooding_clients"] += x.reason == errc::too_fast;
      counts_["dropped_frames"] += x.reason.context().get_as<uint64_t>(0);
    } else if (x.reason && x.reason != caf::exit_reason::normal) {
      ++counts_["failed_sessions"];
      if (on_failure_)
        on_failure_(system().render(x.reason));
    }
    if (auto i = members_.find(x.source.id()); i != members_.end())
      note(i->second, hop::kind::left,
           x.reason && x.reason != caf::exit_reason::normal
             ? system().render(x.reason)
             : "it has closed");
    leave(x.source.id());
  });
}

const char* registry::name() const {
  return "waybill.registry";
}

void registry::on_exit() {
  // A promise refers to the actor that made it, and a session to its registry.
  drained_ = {};
  entries_.clear();
  members_.clear();
  to_drain_.clear();
}

registry::behavior_type registry::make_behavior() {
  return {
    [this](admit_atom, const std::string& id, const std::string& peer) {
      return admit(id, peer);
    },
    [this](leave_atom, const std::string& id, const std::string& peer) {
      places_.give_back(id, peer);
    },
    [this](join_atom, const push_addresses& addresses, const std::string& peer,
           const session_actor& who) { join(addresses, peer, who); },
    [this](deliver_atom, const push_address& where, const push& what) {
      deliver(where, what);
    },
    [this](attach_atom) {
      auto where = push_address::nodes();
      attach_address(where, entries_[where.key()]);
    },
    [this](trace_atom, hops& all) {
      for (auto& each : all)
        trace_.add(std::move(each));
    },
    [this](lost_atom, const push_addresses& lost) { lose(lost); },
    [this](bus_state state) {
      if (state != bus_state::ready)
        return;
      for (auto& [key, what] : entries_)
        if (what.away && !what.detached)
          attach_address(push_address::from_key(key), what);
    },
    [this](read_atom, const mailbox_query& what) {
      auto result = make_response_promise<mailbox_page>();
      request(bus_, caf::infinite, read_atom_v, what)
        .then(
          [this, result](mailbox_page& page) mutable {
            counts_["mailbox_read"] += page.pushes.size();
            counts_["mailbox_milliseconds"] += page.age.count();
            result.deliver(std::move(page));
          },
          [result](caf::error& why) mutable {
            result.deliver(std::move(why));
          });
      return result;
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
    [this](spend_atom, const std::string& pusher, uint64_t pushes) {
      auto wait
        = pushers_.take(pusher, clock().now(), static_cast<double>(pushes));
      if (wait.count() > 0)
        ++counts_["over_max_push_rate"];
      return caf::timespan{wait};
    },
    [this](load_atom, uint64_t bytes) {
      on_load(current_sender()->id(), bytes);
    },
    [this](count_atom, const std::string& name, uint64_t more) {
      counts_[name] += more;
    },
    [this](count_atom, const counters& all) {
      for (auto& [name, more] : all)
        counts_[name] += more;
    },
    [this](get_atom) { return figures(); },
  };
}

counters registry::figures() const {
  auto result = counts_;
  result["sessions"] = members_.size();
  result["queued_bytes"] = loads_.total();
  // Everybody answers to everyone, and each node to questions: that is no news.
  result["addresses"] = entries_.size()
                        - entries_.count(push_address::everyone().key())
                        - entries_.count(push_address::nodes().key());
  return result;
}

// -- sessions come and go -----------------------------------------------------

caf::result<ok_atom> registry::admit(const std::string& id,
                                     const std::string& peer) {
  // Where a newer session replaces the older ones, there is room for it.
  size_t of_id = 0;
  if (policy_ == same_id::all)
    if (auto i = entries_.find(push_address::id(id).key()); i != entries_.end())
      of_id = i->second.sessions.size();
  auto why = places_.take(id, peer, members_.size(), of_id);
  if (!why)
    return ok_atom_v;
  ++counts_[figure_of(*why)];
  return caf::error{*why};
}

void registry::join(const push_addresses& addresses, const std::string& peer,
                    const session_actor& who) {
  ++counts_["joins"];
  monitor(who);
  auto& added = members_[who.id()];
  added.session = who;
  added.peer = peer;
  places_.joined(peer);
  if (draining_) {
    send(who, close_atom_v, stopping);
    return;
  }
  added.joined = addresses;
  for (auto& where : addresses) {
    auto [i, is_new] = entries_.try_emplace(where.key());
    i->second.sessions.emplace(who.id(), who);
    if (is_new)
      attach_address(where, i->second);
  }
  note(added, hop::kind::joined);
  if (policy_ == same_id::newest_per_node)
    retire_all(entries_[addresses.front().key()], replaced,
               [&](const member& x) { return x.session != who; });
  greet(added);
}

void registry::leave(caf::actor_id who) {
  auto i = members_.find(who);
  if (i == members_.end())
    return;
  give_up(i->second);
  loads_.set(who, 0);
  places_.left(i->second.peer);
  members_.erase(i);
  if (drained_.pending() && members_.empty())
    drained_.deliver(ok_atom_v);
}

void registry::give_up(member& who) {
  for (auto& where : std::exchange(who.joined, {})) {
    auto i = entries_.find(where.key());
    i->second.sessions.erase(who.session.id());
    i->second.draining -= who.draining;
    if (!i->second.sessions.empty())
      continue;
    auto detached = i->second.detached;
    entries_.erase(i);
    if (!detached)
      detach_address(where, [] {});
  }
}

void registry::retire(member& who, const close_reason& why) {
  note(who, hop::kind::left, why.text);
  give_up(who);
  send(who.session, close_atom_v, why);
  ++counts_[figure_of(why.code)];
}

template <class Predicate>
void registry::retire_all(const entry& what, const close_reason& why,
                          Predicate which) {
  for (auto& each : sessions_of(what))
    if (auto& who = *find(each); which(who))
      retire(who, why);
}

std::vector<session_actor> registry::sessions_of(const entry& what) const {
  std::vector<session_actor> result;
  for (auto& [id, each] : what.sessions)
    result.push_back(each);
  return result;
}

registry::member* registry::find(const session_actor& who) {
  auto i = members_.find(who.id());
  return i == members_.end() ? nullptr : &i->second;
}

void registry::on_load(caf::actor_id who, uint64_t bytes) {
  auto i = members_.find(who);
  if (i == members_.end() || i->second.cut_off)
    return;
  loads_.set(who, bytes);
  while (loads_.total() > limits_.max_queued) {
    auto& largest = members_.at(loads_.largest());
    largest.cut_off = true;
    loads_.set(largest.session.id(), 0);
    retire(largest, too_much);
  }
}

// -- addresses come and go ----------------------------------------------------

void registry::attach_address(const push_address& where, entry& what) {
  auto attachment = what.attachment = ++attachments_;
  auto act = [this, where, attachment](bool attached) {
    // The address may have been left, and even joined again, since.
    auto i = entries_.find(where.key());
    if (i == entries_.end() || i->second.attachment != attachment)
      return;
    i->second.attached = attached;
    i->second.away = !attached;
    for (auto& who : sessions_of(i->second))
      greet(*find(who));
  };
  request(bus_, caf::infinite, attach_atom_v, where, registry_actor{this})
    .then([act](ok_atom) { act(true); },
          [act](const caf::error& why) {
            if (why == errc::bus_away)
              act(false);
          });
}

template <class Then>
void registry::detach_address(const push_address& where, Then then) {
  // A bus that fails ends the node, but its sessions are still closed.
  request(bus_, caf::infinite, detach_atom_v, where, registry_actor{this})
    .then([then](ok_atom) { then(); }, [then](const caf::error&) { then(); });
}

void registry::lose(const push_addresses& lost) {
  for (auto& where : lost) {
    auto i = entries_.find(where.key());
    if (i == entries_.end())
      continue;
    i->second.attached = false;
    i->second.away = true;
    i->second.claim = 0;
    if (!where.is_id())
      continue;
    for (auto& [id, each] : i->second.sessions) {
      auto& who = *find(each);
      who.claimed = false;
      if (std::exchange(who.reachable, false))
        send(each, hold_atom_v);
    }
  }
}

// -- greetings ----------------------------------------------------------------

void registry::greet(member& who) {
  if (who.reachable || !is_reachable(who))
    return;
  if (policy_ == same_id::newest && !who.claimed)
    return claim(who);
  who.reachable = true;
  send(who.session, greet_atom_v);
}

bool registry::is_reachable(const member& who) const {
  // What is not an id may be carried by a part of the bus that is away, which
  // should not keep the client from its own pushes.
  return !who.joined.empty()
         && std::all_of(who.joined.begin(), who.joined.end(),
                        [this](const push_address& where) {
                          auto& what = entries_.at(where.key());
                          return what.attached || (what.away && !where.is_id());
                        });
}

void registry::claim(member& who) {
  if (std::exchange(who.claiming, true))
    return;
  auto act = [this, session = who.session](caf::expected<uint64_t> number) {
    auto found = find(session);
    if (!found)
      return;
    found->claiming = false;
    if (number)
      on_claim(*found, *number);
    else if (number.error() == errc::refused)
      retire(*found, {close_code::internal_error, "your id cannot be claimed"});
  };
  auto& where = who.joined.front();
  auto then = [act](uint64_t number) { act(number); };
  auto otherwise = [act](caf::error& why) { act(std::move(why)); };
  if (who.claim == 0)
    request(bus_, caf::infinite, claim_atom_v, where).then(then, otherwise);
  else
    request(bus_, caf::infinite, get_atom_v, where).then(then, otherwise);
}

void registry::on_claim(member& who, uint64_t number) {
  if (who.joined.empty())
    return;
  auto& what = entries_.at(who.joined.front().key());
  if (who.claim == 0)
    who.claim = number;
  // A newer session may have been heard of before this one's own number.
  if (std::max(number, what.claim) > who.claim)
    return retire(who, replaced);
  who.claimed = true;
  greet(who);
}

// -- pushes -------------------------------------------------------------------

void registry::deliver(const push_address& where, const push& what) {
  if (where == push_address::nodes())
    return answer(where, what);
  auto i = entries_.find(where.key());
  auto count = i == entries_.end() ? 0 : i->second.sessions.size();
  if (!what.reply_to.empty()) {
    report mine{what.id, what.reply_to};
    mine.counts.nodes = 1;
    mine.counts.sessions = count;
    send(bus_, report_atom_v, where, std::move(mine));
  }
  // Who holds the address no more is told so by the name of the push; what is
  // on the open channel was heard by nodes that never held it.
  uint64_t delivery = 0;
  if (what.what == push::purpose::message && where.is_id()
      && (count > 0 || !what.id.empty())) {
    delivery = ++deliveries_;
    trace_.add({std::string{where.name()},
                hop::kind::delivered,
                trace_time(),
                what.id,
                delivery,
                {},
                count});
  }
  if (count == 0)
    return;
  switch (what.what) {
  case push::purpose::kick:
    return retire_all(i->second, {close_code::kicked, "the API closed you"},
                      [](const member&) { return true; });
  case push::purpose::claim:
    return on_claimed(i->second, what.claim);
  case push::purpose::inspect:
    break;
  case push::purpose::trace:
  case push::purpose::figures:
    // They are for nodes.
    return;
  case push::purpose::message:
    counts_["deliveries"] += count;
  }
  auto is_plain = what.what == push::purpose::message && what.reply_to.empty()
                  && what.entry.empty();
  for (auto& [id, who] : i->second.sessions)
    if (is_plain)
      send(who, deliver_atom_v, what.body, delivery);
    else
      send(who, deliver_atom_v, where, what);
}

void registry::answer(const push_address& where, const push& what) {
  report mine{what.id, what.reply_to};
  mine.counts.nodes = 1;
  if (what.what == push::purpose::figures) {
    request(bus_, caf::infinite, get_atom_v)
      .then([this, where, mine](counters& of_bus) mutable {
        mine.figures = figures();
        mine.figures.merge(of_bus);
        send(bus_, report_atom_v, where, std::move(mine));
      });
    return;
  }
  if (what.what != push::purpose::trace)
    return;
  // What the sessions know is theirs to tell.
  std::string id{what.body.bytes()};
  struct gathered {
    hops all;
    size_t missing = 1;
  };
  auto found = std::make_shared<gathered>();
  auto take = [this, where, mine, id, found](const hops& part) mutable {
    found->all.insert(found->all.end(), part.begin(), part.end());
    if (--found->missing > 0)
      return;
    mine.trace = trace_.of(id, std::move(found->all));
    send(bus_, report_atom_v, where, std::move(mine));
  };
  if (auto i = entries_.find(push_address::id(id).key()); i != entries_.end())
    for (auto& [number, who] : i->second.sessions) {
      ++found->missing;
      request(who, caf::infinite, trace_atom_v)
        .then([take](const hops& part) mutable { take(part); },
              [take](const caf::error&) mutable { take({}); });
    }
  take({});
}

void registry::note(const member& who, hop::kind what, std::string text) {
  // One without an address is being closed already.
  if (who.joined.empty())
    return;
  trace_.add({std::string{who.joined.front().name()},
              what,
              trace_time(),
              {},
              0,
              who.peer,
              0,
              std::move(text)});
}

void registry::on_claimed(entry& what, uint64_t number) {
  what.claim = std::max(what.claim, number);
  // Who has stood since before the bus was away counts as older than any new
  // claim, whatever the numbers say: the bus may have forgotten them.
  retire_all(what, replaced, [number](const member& x) {
    return x.claim != 0 && x.claim != number
           && (x.claim < number || !x.claimed);
  });
}

// -- the end ------------------------------------------------------------------

void registry::drain_some() {
  if (members_.empty() && drained_.pending()) {
    drained_.deliver(ok_atom_v);
    return;
  }
  for (auto n = drain_share_; n > 0 && !to_drain_.empty(); --n) {
    if (auto who = find(to_drain_.back()))
      drain(*who);
    to_drain_.pop_back();
  }
  if (!to_drain_.empty())
    delayed_send(this, drain_step, tick_atom_v);
}

void registry::drain(const member& who) {
  // One without an address is being closed already.
  if (who.joined.empty() || who.draining)
    return;
  // All sessions of its id end together: they get the same pushes.
  auto together = sessions_of(entries_.at(who.joined.front().key()));
  push_addresses last;
  for (auto& session : together) {
    auto& each = *find(session);
    each.draining = true;
    for (auto& where : each.joined)
      if (auto& what = entries_.at(where.key());
          ++what.draining == what.sessions.size()
          && !std::exchange(what.detached, true))
        last.push_back(where);
  }
  // The last of these to be given back is behind all that was pushed before, to
  // whatever address.
  auto missing = std::make_shared<size_t>(last.size());
  for (auto& where : last)
    detach_address(where, [this, together, missing] {
      if (--*missing == 0)
        for (auto& session : together)
          send(session, close_atom_v, stopping);
    });
}

} // namespace waybill
