#include "actors/registry.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "actors/core/counters.hpp"

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
                   bus_actor bus, same_id policy, failure_handler on_failure,
                   node_limits limits, std::string version)
    : hosted(cfg, host), bus_(std::move(bus)), policy_(policy),
      on_failure_(std::move(on_failure)), limits_(limits),
      version_(std::move(version)), admission_(limits.sessions),
      pushers_({static_cast<double>(limits.max_push_rate),
                static_cast<double>(limits.max_push_rate)}),
      counts_(initial_counters()) {
  set_down_handler([this](caf::down_msg& x) {
    auto failed = x.reason && x.reason != caf::exit_reason::normal;
    if (failed && count_end(counts_, x.reason) && on_failure_)
      on_failure_(system().render(x.reason));
    if (auto member = sessions_.find(x.source.id()))
      note(*member, trace_event::kind::left,
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
  sessions_ = {};
  to_drain_.clear();
}

registry::behavior_type registry::make_behavior() {
  return {
    [this](admit_atom, const std::string& id, const std::string& peer) {
      return admit(id, peer);
    },
    [this](leave_atom, const std::string& id, const std::string& peer) {
      admission_.give_back(id, peer);
    },
    [this](join_atom, const push_addresses& addresses, const std::string& peer,
           const session_actor& session) { join(addresses, peer, session); },
    [this](close_atom, const close_reason& why) {
      count_cut_off(counts_, why.code);
      if (auto member = sessions_.find(current_sender()->id()))
        withdraw(*member, {why.code, cause_of(why.code) + why.text});
    },
    [this](deliver_atom, const push_address& address, const push& push) {
      deliver(address, push);
    },
    [this](attach_atom) {
      auto address = push_address::nodes();
      attach_address(address, sessions_.hold(address));
    },
    [this](trace_atom, trace_events& all) {
      for (auto& event : all)
        trace_.add(std::move(event));
    },
    [this](lost_atom, const push_addresses& lost) { lose(lost); },
    [this](bus_state state) {
      if (state == bus_state::ready)
        on_ready();
    },
    [this](read_atom, const inbox_query& query) {
      // A promise takes the sender along.
      auto session = current_sender()->id();
      auto result = make_response_promise<inbox_page>();
      read(session, query, result);
      return result;
    },
    [this](drain_atom, caf::timespan time) {
      draining_ = true;
      drained_ = make_response_promise<ok_atom>();
      to_drain_.clear();
      for (auto& [id, member] : sessions_.members())
        to_drain_.push_back(member.session);
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
    [this](get_atom) { return metrics(); },
  };
}

counters registry::metrics() const {
  auto result = counts_;
  result["sessions"] = sessions_.members().size();
  result["queued_bytes"] = loads_.total();
  result["addresses"] = sessions_.addresses();
  return result;
}

// -- sessions come and go -----------------------------------------------------

caf::result<ok_atom> registry::admit(const std::string& id,
                                     const std::string& peer) {
  // Where a newer session replaces the older ones, there is room for it.
  size_t of_id = 0;
  if (policy_ == same_id::all)
    if (auto entry = sessions_.find(push_address::id(id)))
      of_id = entry->sessions.size();
  auto why = admission_.take(id, peer, sessions_.members().size(), of_id);
  if (!why)
    return ok_atom_v;
  ++counts_[counter_of(*why)];
  return caf::error{*why};
}

void registry::join(const push_addresses& addresses, const std::string& peer,
                    const session_actor& session) {
  ++counts_["joins"];
  monitor(session);
  auto& added = sessions_.add(session, peer);
  admission_.joined(peer);
  if (draining_) {
    send(session, close_atom_v, stopping);
    return;
  }
  for (auto& address : sessions_.join(added, addresses))
    attach_address(address, *sessions_.find(address));
  note(added, trace_event::kind::joined);
  if (policy_ == same_id::newest_per_node)
    retire_all(sessions_.id_of(added), replaced,
               [&](const member& x) { return x.session != session; });
  greet(added);
}

void registry::leave(caf::actor_id session) {
  auto found = sessions_.find(session);
  if (!found)
    return;
  give_up(*found);
  loads_.set(session, 0);
  waiting_reads_.erase(session);
  admission_.left(found->peer);
  sessions_.remove(session);
  if (drained_.pending() && sessions_.members().empty())
    end_drain();
}

void registry::give_up(member& member) {
  for (auto& address : sessions_.give_up(member))
    detach_address(address, [] {});
}

void registry::withdraw(member& member, const close_reason& why) {
  note(member, trace_event::kind::left, why.text);
  give_up(member);
}

void registry::retire(member& member, const close_reason& why) {
  withdraw(member, why);
  send(member.session, close_atom_v, why);
  ++counts_[counter_of(why.code)];
}

template <class Predicate>
void registry::retire_all(const entry& entry, const close_reason& why,
                          Predicate which) {
  for (auto& session : session_table::sessions_of(entry))
    if (auto& member = *sessions_.find(session); which(member))
      retire(member, why);
}

void registry::on_load(caf::actor_id session, uint64_t bytes) {
  auto found = sessions_.find(session);
  if (!found || found->cut_off)
    return;
  loads_.set(session, bytes);
  while (loads_.total() > limits_.max_queued) {
    auto& largest = *sessions_.find(loads_.largest());
    largest.cut_off = true;
    loads_.set(largest.session.id(), 0);
    retire(largest, too_much);
  }
}

// -- addresses come and go ----------------------------------------------------

void registry::attach_address(const push_address& address, entry& entry) {
  auto attachment = entry.attachment = ++attachments_;
  auto act = [this, address, attachment](bool attached) {
    // The address may have been left, and even joined again, since.
    auto entry = sessions_.find(address);
    if (!entry || entry->attachment != attachment)
      return;
    entry->attached = attached;
    entry->away = !attached;
    for (auto& session : session_table::sessions_of(*entry))
      greet(*sessions_.find(session));
  };
  request(bus_, caf::infinite, attach_atom_v, address, registry_actor{this})
    .then([act](ok_atom) { act(true); },
          [act](const caf::error& why) {
            if (why == errc::bus_away)
              act(false);
          });
}

template <class Then>
void registry::detach_address(const push_address& address, Then then) {
  // A bus that fails ends the node, but its sessions are still closed.
  request(bus_, caf::infinite, detach_atom_v, address, registry_actor{this})
    .then([then](ok_atom) { then(); }, [then](const caf::error&) { then(); });
}

void registry::lose(const push_addresses& lost) {
  for (auto& address : lost) {
    auto entry = sessions_.find(address);
    if (!entry)
      continue;
    entry->attached = false;
    entry->away = true;
    entry->claim = 0;
    if (!address.is_id())
      continue;
    for (auto& [id, session] : entry->sessions) {
      auto& member = *sessions_.find(session);
      member.claimed = false;
      if (std::exchange(member.reachable, false))
        send(session, hold_atom_v);
    }
  }
}

void registry::read(caf::actor_id session, const inbox_query& query,
                    caf::typed_response_promise<inbox_page> reader) {
  request(bus_, caf::infinite, read_atom_v, query)
    .then(
      [this, reader](inbox_page& page) mutable {
        counts_["mailbox_read"] += page.pushes.size();
        counts_["mailbox_milliseconds"] += page.age.count();
        reader.deliver(std::move(page));
      },
      [this, session, query, reader](const caf::error&) {
        if (sessions_.find(session))
          waiting_reads_[session] = {query, reader};
      });
}

void registry::on_ready() {
  for (auto& [key, held] : sessions_.entries())
    if (held.away && !held.detached)
      attach_address(push_address::from_key(key), held);
  for (auto& [session, waiting] : std::exchange(waiting_reads_, {}))
    read(session, waiting.query, waiting.reader);
  for (auto& [session, known] : sessions_.members())
    greet(*sessions_.find(session));
}

// -- greetings ----------------------------------------------------------------

void registry::greet(member& member) {
  if (member.reachable || !sessions_.is_reachable(member))
    return;
  if (policy_ == same_id::newest && !member.claimed)
    return claim(member);
  member.reachable = true;
  send(member.session, greet_atom_v);
}

void registry::claim(member& member) {
  if (std::exchange(member.claiming, true))
    return;
  auto act = [this, session = member.session](caf::expected<uint64_t> number) {
    auto found = sessions_.find(session);
    if (!found)
      return;
    found->claiming = false;
    // Where the bus cannot tell now, `on_ready` asks again.
    if (number)
      on_claim(*found, *number);
  };
  auto& address = member.joined.front();
  auto then = [act](uint64_t number) { act(number); };
  auto otherwise = [act](caf::error& why) { act(std::move(why)); };
  if (member.claim == 0)
    request(bus_, caf::infinite, claim_atom_v, address).then(then, otherwise);
  else
    request(bus_, caf::infinite, get_atom_v, address).then(then, otherwise);
}

void registry::on_claim(member& member, uint64_t number) {
  if (member.joined.empty())
    return;
  auto& entry = sessions_.id_of(member);
  if (member.claim == 0)
    member.claim = number;
  // A newer session may have been heard of before this one's own number.
  if (std::max(number, entry.claim) > member.claim)
    return retire(member, replaced);
  member.claimed = true;
  greet(member);
}

// -- pushes -------------------------------------------------------------------

void registry::deliver(const push_address& address, const push& push) {
  if (address == push_address::nodes())
    return answer_query(address, push);
  auto found = sessions_.find(address);
  auto count = found ? found->sessions.size() : 0;
  if (!push.reply_to.empty()) {
    report mine{push.id, push.reply_to};
    mine.counts.nodes = 1;
    mine.counts.sessions = count;
    send(bus_, report_atom_v, address, std::move(mine));
  }
  // Who holds the address no more is told so by the name of the push; what is
  // on the open channel was heard by nodes that never held it.
  uint64_t delivery = 0;
  if (push.type == push::kind::message && address.is_id()
      && (count > 0 || !push.id.empty())) {
    delivery = ++deliveries_;
    trace_.add({std::string{address.name()},
                trace_event::kind::delivered,
                trace_time(),
                push.id,
                delivery,
                {},
                count});
  }
  if (count == 0)
    return;
  switch (push.type) {
  case push::kind::kick:
    return retire_all(*found, {close_code::kicked, "the API closed you"},
                      [](const member&) { return true; });
  case push::kind::claim:
    return on_claimed(*found, push.claim);
  case push::kind::inspect:
    break;
  case push::kind::trace:
  case push::kind::metrics:
    // They are for nodes.
    return;
  case push::kind::message:
    counts_["deliveries"] += count;
  }
  auto is_plain = push.type == push::kind::message && push.reply_to.empty()
                  && push.entry.empty();
  for (auto& [id, session] : found->sessions)
    if (is_plain)
      send(session, deliver_atom_v, push.body, delivery);
    else
      send(session, deliver_atom_v, address, push);
}

void registry::answer_query(const push_address& address, const push& push) {
  report mine{push.id, push.reply_to};
  mine.counts.nodes = 1;
  if (push.type == push::kind::metrics) {
    request(bus_, caf::infinite, get_atom_v)
      .then([this, address, mine](counters& of_bus) mutable {
        mine.metrics = {version_, metrics()};
        mine.metrics.values.merge(of_bus);
        send(bus_, report_atom_v, address, std::move(mine));
      });
    return;
  }
  if (push.type != push::kind::trace)
    return;
  // What the sessions know is theirs to tell.
  std::string id{push.body.bytes()};
  struct gathered {
    trace_events all;
    size_t missing = 1;
  };
  auto found = std::make_shared<gathered>();
  auto take
    = [this, address, mine, id, found](const trace_events& part) mutable {
        found->all.insert(found->all.end(), part.begin(), part.end());
        if (--found->missing > 0)
          return;
        mine.trace = trace_.of(id, std::move(found->all));
        send(bus_, report_atom_v, address, std::move(mine));
      };
  if (auto entry = sessions_.find(push_address::id(id)))
    for (auto& [number, session] : entry->sessions) {
      ++found->missing;
      request(session, caf::infinite, trace_atom_v)
        .then([take](const trace_events& part) mutable { take(part); },
              [take](const caf::error&) mutable { take({}); });
    }
  take({});
}

void registry::note(const member& member, trace_event::kind kind,
                    std::string text) {
  // One without an address is being closed already.
  if (member.joined.empty())
    return;
  trace_.add({std::string{member.joined.front().name()},
              kind,
              trace_time(),
              {},
              0,
              member.peer,
              0,
              std::move(text)});
}

void registry::on_claimed(entry& entry, uint64_t number) {
  entry.claim = std::max(entry.claim, number);
  // Who has stood since before the bus was away counts as older than any new
  // claim, whatever the numbers say: the bus may have forgotten them.
  retire_all(entry, replaced, [number](const member& x) {
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
  if (sessions_.members().empty() && drained_.pending())
    return end_drain();
  for (auto n = drain_share_; n > 0 && !to_drain_.empty(); --n) {
    if (auto member = sessions_.find(to_drain_.back()))
      drain(*member);
    to_drain_.pop_back();
  }
  if (!to_drain_.empty())
    delayed_send(this, drain_step, tick_atom_v);
}

void registry::drain(const member& member) {
  // One without an address is being closed already.
  if (member.joined.empty() || member.draining)
    return;
  auto [together, last] = sessions_.drain(member);
  // The last of these to be given back is behind all that was pushed before, to
  // whatever address.
  auto missing = std::make_shared<size_t>(last.size());
  for (auto& address : last)
    detach_address(address, [this, together = together, missing] {
      if (--*missing == 0)
        for (auto& session : together)
          send(session, close_atom_v, stopping);
    });
}

} // namespace waybill
