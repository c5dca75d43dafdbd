#include "actors/registry.hpp"

#include <utility>

#include "actors/core/session_metrics.hpp"

namespace waybill {

namespace {

const auto node_queue_full = close_reason{
  close_code::try_again_later, "the send queues of this node are full"};

/// Returns the machine-readable prefix of the reason in traces for a session
/// that closes itself; empty for most codes.
std::string prefix_of(close_code code) {
  return code == close_code::try_again_later    ? "too_slow: "
         : code == close_code::policy_violation ? "too_fast: "
                                                : "";
}

} // namespace

registry::registry(caf::actor_config& cfg, caf::execution_unit* host,
                   bus_actor bus, same_id policy, failure_handler on_failure,
                   node_limits limits)
    : hosted(cfg, host), bus_(std::move(bus)), policy_(policy),
      on_failure_(std::move(on_failure)), limits_(limits),
      admission_(limits.sessions),
      pushers_({static_cast<double>(limits.max_push_rate),
                static_cast<double>(limits.max_push_rate)}),
      returns_(static_cast<double>(limits.sessions.per_second)) {
  set_down_handler([this](caf::down_msg& x) { on_down(x); });
}

const char* registry::name() const {
  return "waybill.registry";
}

void registry::on_exit() {
  // A promise refers to the actor that made it, and sessions, gateways and the
  // collector to their registry.
  drained_ = {};
  waiting_reads_.clear();
  sessions_ = {};
  to_drain_.clear();
  gateways_.clear();
  collector_ = nullptr;
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
           transport_kind transport, const session_actor& session) {
      join(addresses, peer, transport, session);
    },
    [this](close_atom, const close_reason& reason) { on_close(reason); },
    [this](deliver_atom, const addressed_messages& messages) {
      deliver(messages);
    },
    [this](attach_atom, const collector_actor& collector) {
      collector_ = collector;
      attach_nodes();
    },
    [this](attach_atom, const gateway_actor& gateway) {
      gateways_.push_back(gateway);
    },
    [this](trace_atom, trace_events& events) { add_events(events); },
    [this](topics_atom, const push_address& address,
           const kept_topics& topics) { keep_topics(address, topics); },
    [this](lost_atom, const push_addresses& lost) { lose(lost); },
    [this](bus_state state) {
      if (state == bus_state::ready)
        on_ready();
    },
    [this](read_atom, const inbox_query& query) { return read(query); },
    [this](confirm_atom, const push_address& address,
           const std::string& entry) { confirm(address, entry); },
    [this](drain_atom, caf::timespan time) { return start_drain(time); },
    [this](tick_atom) { drain_some(); },
    [this](spend_atom, const std::string& pusher, uint64_t pushes) {
      return spend(pusher, pushes);
    },
    [this](presence_atom, const push_address& address) {
      return static_cast<uint64_t>(sessions_at(address).size());
    },
    [this](load_atom, uint64_t bytes) {
      on_load(current_sender()->id(), bytes);
    },
    [this](drop_atom, uint64_t frames) {
      counts_[metric::dropped_frames] += frames;
    },
    [this](get_atom) { return collect(); },
  };
}

caf::result<bus_status> registry::admit(const std::string& id,
                                        const std::string& peer) {
  // A newer session that replaces the older ones adds none to its id.
  size_t of_id = 0;
  if (policy_ == same_id::all)
    if (auto entry = sessions_.find(push_address::id(id)))
      of_id = entry->sessions.size();
  auto limit = admission_.take(id, peer, sessions_.members().size(), of_id);
  if (!limit)
    return delegate(bus_, state_atom_v, push_address::id(id));
  ++counts_[counter_of(*limit)];
  return caf::error{*limit};
}

void registry::join(const push_addresses& addresses, const std::string& peer,
                    transport_kind transport, const session_actor& session) {
  ++counts_[metric::joins];
  counts_[metric::event_joins] += is_stream(transport);
  joins_.add(clock().now());
  monitor(session);
  auto& added = sessions_.add(session, peer, transport);
  admission_.joined(peer);
  if (draining_)
    return send_away(session);
  for (auto& address : sessions_.join(added, addresses))
    attach_address(address, *sessions_.find(address));
  for (auto& address : addresses)
    if (address.is_topic())
      on_joined(address, session);
  join_kept_topics(added);
  note(added, trace_event::kind::joined,
       is_stream(transport) ? to_string(transport) : std::string{});
  if (policy_ == same_id::newest_per_node)
    replace_others(added);
  greet(added);
}

void registry::on_down(const caf::down_msg& down) {
  auto failed = down.reason && down.reason != caf::exit_reason::normal;
  if (failed && count_end(counts_, down.reason) && on_failure_)
    on_failure_(system().render(down.reason));
  if (auto member = sessions_.find(down.source.id()))
    note(*member, trace_event::kind::left,
         failed ? system().render(down.reason) : "the connection closed");
  leave(down.source.id());
}

void registry::on_close(const close_reason& reason) {
  count_cut_off(counts_, reason.code);
  if (auto member = sessions_.find(current_sender()->id()))
    withdraw(*member, {reason.code, prefix_of(reason.code) + reason.text});
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

void registry::withdraw(member& member, const close_reason& reason) {
  note(member, trace_event::kind::left, reason.text);
  give_up(member);
}

void registry::retire(member& member, const close_reason& reason) {
  withdraw(member, reason);
  send(member.session, close_atom_v, reason);
  ++counts_[counter_of(reason.code)];
}

void registry::retire_all(const entry& entry, const close_reason& reason,
                          const std::function<bool(const member&)>& predicate) {
  for (auto& session : session_table::sessions_of(entry))
    if (auto& member = *sessions_.find(session); predicate(member))
      retire(member, reason);
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
    retire(largest, node_queue_full);
  }
}

caf::timespan registry::spend(const std::string& pusher, uint64_t pushes) {
  auto delay
    = pushers_.take(pusher, clock().now(), static_cast<double>(pushes));
  if (delay.count() > 0)
    ++counts_[metric::over_max_push_rate];
  return caf::timespan{delay};
}

metrics registry::collect() const {
  auto result = counts_;
  result[metric::sessions] = sessions_.members().size();
  result[metric::event_sessions] = sessions_.streams();
  result[metric::queued_bytes] = loads_.total();
  result[metric::addresses] = sessions_.addresses();
  if (!draining_)
    result[metric::headroom] = admission_.headroom(
      sessions_.members().size(), joins_.per_second(clock().now()));
  return result;
}

} // namespace waybill
