#include "actors/registry.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "actors/figures.hpp"

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

/// Returns a word for programs that stands before the reason, in traces, why a
/// session closed itself; empty for most.
std::string cause_of(close_code code) {
  return code == close_code::try_again_later    ? "too_slow: "
         : code == close_code::policy_violation ? "too_fast: "
                                                : "";
}

const auto too_much = close_reason{close_code::try_again_later,
                                   "too much waits for clients of this node"};

} // namespace

registry::registry(caf::actor_config& cfg, caf::execution_unit* host,
                   bus_actor bus, same_id policy, complaint on_failure,
                   node_limits limits, std::string version)
    : hosted(cfg, host), bus_(std::move(bus)), policy_(policy),
      on_failure_(std::move(on_failure)), limits_(limits),
      version_(std::move(version)), places_(limits.sessions),
      pushers_({static_cast<double>(limits.max_push_rate),
                static_cast<double>(limits.max_push_rate)}),
      counts_(initial_figures()) {
  set_down_handler([this](caf::down_msg& x) {
    auto failed = x.reason && x.reason != caf::exit_reason::normal;
    if (failed && count_end(counts_, x.reason) && on_failure_)
      on_failure_(system().render(x.reason));
    if (auto who = roster_.find(x.source.id()))
      note(*who, hop::kind::left,
           failed ? system().render(x.reason) : "it has closed");
    leave(x.source.id());
  });
}

const char* registry::name() const {
  return "waybill.registry";
}

void registry::on_exit() {
  // A promise refers to the actor that made it, and a session to its registry.
  drained_ = {};
  waiting_reads_.clear();
  roster_ = {};
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
    [this](close_atom, const close_reason& why) {
      count_cut_off(counts_, why.code);
      if (auto who = roster_.find(current_sender()->id()))
        withdraw(*who, {why.code, cause_of(why.code) + why.text});
    },
    [this](deliver_atom, const push_address& where, const push& what) {
      deliver(where, what);
    },
    [this](attach_atom) {
      auto where = push_address::nodes();
      attach_address(where, roster_.hold(where));
    },
    [this](trace_atom, hops& all) {
      for (auto& each : all)
        trace_.add(std::move(each));
    },
    [this](lost_atom, const push_addresses& lost) { lose(lost); },
    [this](bus_state state) {
      if (state == bus_state::ready)
        on_ready();
    },
    [this](read_atom, const mailbox_query& query) {
      // A promise takes the sender along.
      auto session = current_sender()->id();
      auto result = make_response_promise<mailbox_page>();
      read(session, query, result);
      return result;
    },
    [this](drain_atom, caf::timespan time) {
      draining_ = true;
      drained_ = make_response_promise<ok_atom>();
      to_drain_.clear();
      for (auto& [id, who] : roster_.members())
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
  result["sessions"] = roster_.members().size();
  result["queued_bytes"] = loads_.total();
  result["addresses"] = roster_.addresses();
  return result;
}

// -- sessions come and go -----------------------------------------------------

caf::result<ok_atom> registry::admit(const std::string& id,
                                     const std::string& peer) {
  // Where a newer session replaces the older ones, there is room for it.
  size_t of_id = 0;
  if (policy_ == same_id::all)
    if (auto what = roster_.find(push_address::id(id)))
      of_id = what->sessions.size();
  auto why = places_.take(id, peer, roster_.members().size(), of_id);
  if (!why)
    return ok_atom_v;
  ++counts_[figure_of(*why)];
  return caf::error{*why};
}

void registry::join(const push_addresses& addresses, const std::string& peer,
                    const session_actor& who) {
  ++counts_["joins"];
  monitor(who);
  auto& added = roster_.add(who, peer);
  places_.joined(peer);
  if (draining_) {
    send(who, close_atom_v, stopping);
    return;
  }
  for (auto& where : roster_.join(added, addresses))
    attach_address(where, *roster_.find(where));
  note(added, hop::kind::joined);
  if (policy_ == same_id::newest_per_node)
    retire_all(roster_.id_of(added), replaced,
               [&](const member& x) { return x.session != who; });
  greet(added);
}

void registry::leave(caf::actor_id who) {
  auto found = roster_.find(who);
  if (!found)
    return;
  give_up(*found);
  loads_.set(who, 0);
  waiting_reads_.erase(who);
  places_.left(found->peer);
  roster_.remove(who);
  if (drained_.pending() && roster_.members().empty())
    end_drain();
}

void registry::give_up(member& who) {
  for (auto& where : roster_.give_up(who))
    detach_address(where, [] {});
}

void registry::withdraw(member& who, const close_reason& why) {
  note(who, hop::kind::left, why.text);
  give_up(who);
}

void registry::retire(member& who, const close_reason& why) {
  withdraw(who, why);
  send(who.session, close_atom_v, why);
  ++counts_[figure_of(why.code)];
}

template <class Predicate>
void registry::retire_all(const entry& what, const close_reason& why,
                          Predicate which) {
  for (auto& each : roster::sessions_of(what))
    if (auto& who = *roster_.find(each); which(who))
      retire(who, why);
}

void registry::on_load(caf::actor_id who, uint64_t bytes) {
  auto found = roster_.find(who);
  if (!found || found->cut_off)
    return;
  loads_.set(who, bytes);
  while (loads_.total() > limits_.max_queued) {
    auto& largest = *roster_.find(loads_.largest());
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
    auto what = roster_.find(where);
    if (!what || what->attachment != attachment)
      return;
    what->attached = attached;
    what->away = !attached;
    for (auto& who : roster::sessions_of(*what))
      greet(*roster_.find(who));
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
    auto what = roster_.find(where);
    if (!what)
      continue;
    what->attached = false;
    what->away = true;
    what->claim = 0;
    if (!where.is_id())
      continue;
    for (auto& [id, each] : what->sessions) {
      auto& who = *roster_.find(each);
      who.claimed = false;
      if (std::exchange(who.reachable, false))
        send(each, hold_atom_v);
    }
  }
}

void registry::read(caf::actor_id session, const mailbox_query& query,
                    caf::typed_response_promise<mailbox_page> reader) {
  request(bus_, caf::infinite, read_atom_v, query)
    .then(
      [this, reader](mailbox_page& page) mutable {
        counts_["mailbox_read"] += page.pushes.size();
        counts_["mailbox_milliseconds"] += page.age.count();
        reader.deliver(std::move(page));
      },
      [this, session, query, reader](const caf::error&) {
        if (roster_.find(session))
          waiting_reads_[session] = {query, reader};
      });
}

void registry::on_ready() {
  for (auto& [key, held] : roster_.entries())
    if (held.away && !held.detached)
      attach_address(push_address::from_key(key), held);
  for (auto& [session, waiting] : std::exchange(waiting_reads_, {}))
    read(session, waiting.query, waiting.reader);
  for (auto& [session, known] : roster_.members())
    greet(*roster_.find(session));
}

// -- greetings ----------------------------------------------------------------

void registry::greet(member& who) {
  if (who.reachable || !roster_.is_reachable(who))
    return;
  if (policy_ == same_id::newest && !who.claimed)
    return claim(who);
  who.reachable = true;
  send(who.session, greet_atom_v);
}

void registry::claim(member& who) {
  if (std::exchange(who.claiming, true))
    return;
  auto act = [this, session = who.session](caf::expected<uint64_t> number) {
    auto found = roster_.find(session);
    if (!found)
      return;
    found->claiming = false;
    // Where the bus cannot tell now, `on_ready` asks again.
    if (number)
      on_claim(*found, *number);
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
  auto& what = roster_.id_of(who);
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
  auto found = roster_.find(where);
  auto count = found ? found->sessions.size() : 0;
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
    return retire_all(*found, {close_code::kicked, "the API closed you"},
                      [](const member&) { return true; });
  case push::purpose::claim:
    return on_claimed(*found, what.claim);
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
  for (auto& [id, who] : found->sessions)
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
        mine.figures = {version_, figures()};
        mine.figures.values.merge(of_bus);
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
  if (auto what = roster_.find(push_address::id(id)))
    for (auto& [number, who] : what->sessions) {
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

void registry::end_drain() {
  send(bus_, leave_atom_v);
  drained_.deliver(ok_atom_v);
}

void registry::drain_some() {
  if (roster_.members().empty() && drained_.pending())
    return end_drain();
  for (auto n = drain_share_; n > 0 && !to_drain_.empty(); --n) {
    if (auto who = roster_.find(to_drain_.back()))
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
  auto [together, last] = roster_.drain(who);
  // The last of these to be given back is behind all that was pushed before, to
  // whatever address.
  auto missing = std::make_shared<size_t>(last.size());
  for (auto& where : last)
    detach_address(where, [this, together = together, missing] {
      if (--*missing == 0)
        for (auto& session : together)
          send(session, close_atom_v, stopping);
    });
}

} // namespace waybill
