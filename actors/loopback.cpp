#include "actors/loopback.hpp"

namespace waybill {

namespace {

const auto ready = bus_status{bus_state::ready, true, true};

uint64_t microseconds_since_1970() {
  return static_cast<uint64_t>(
    std::chrono::floor<std::chrono::microseconds>(
      std::chrono::system_clock::now().time_since_epoch())
      .count());
}

} // namespace

loopback::loopback(caf::actor_config& cfg, caf::execution_unit* host,
                   std::string node_name, size_t mailbox_limit)
    : hosted(cfg, host), node_name_(std::move(node_name)),
      inboxes_(mailbox_limit, microseconds_since_1970()) {
  // nop
}

const char* loopback::name() const {
  return "waybill.loopback";
}

void loopback::on_exit() {
  // Registries, receipts and surveys refer to their bus.
  holders_.clear();
  waiting_.clear();
}

uint64_t loopback::deliver(const push_address& address,
                           const bus_message& message) {
  auto& found = holders(address);
  for (auto& registry : found)
    send(registry, deliver_atom_v, addressed_messages{{address, message}});
  return found.size();
}

loopback::behavior_type loopback::make_behavior() {
  return {
    [this](subscribe_atom, const observer_actor& x) { send(x, ready); },
    [this](attach_atom, const push_address& address, const registry_actor& x) {
      return add_holder(address, x);
    },
    [this](detach_atom, const push_address& address, const registry_actor& x) {
      return remove_holder(address, x);
    },
    [this](publish_atom, const push_address& address, const push& push)
      -> caf::result<outcome> { return publish(address, push); },
    [this](publish_atom, const numbered_pushes& pushes,
           const outcome_receiver_actor& x) { publish(pushes, x); },
    [this](publish_atom, const push_address& address, const kick& kick) {
      return deliver(address, kick);
    },
    [this](publish_atom, const push_address& address, const query& query) {
      return publish(address, query);
    },
    [this](await_atom, const push_address&, const std::string& id,
           const report_receiver_actor& receiver) { waiting_[id] = receiver; },
    [this](forget_atom, const push_address&, const std::string& id) {
      waiting_.erase(id);
    },
    [this](report_atom, const push_address&, report& report) {
      forward(std::move(report));
    },
    [this](probe_atom, const push_address&, const std::string&,
           const std::string& id) { return probe(id); },
    [this](record_atom, const push_address& address, const std::string& key,
           const outcome& outcome) {
      idempotency_.record_outcome(address, key, outcome);
    },
    [this](read_atom, const inbox_query& query) {
      return inboxes_.read(query, clock().now());
    },
    [this](read_atom, const push_address& address) {
      return inboxes_.summarize(address, clock().now());
    },
    [this](drop_atom, const push_address& address) -> uint64_t {
      return inboxes_.clear(address, clock().now());
    },
    [this](confirm_atom, const push_address& address,
           const std::string& entry) {
      counts_[metric::confirmed_pushes] += inboxes_.confirm(address, entry);
    },
    [this](claim_atom, const push_address& address) { return claim(address); },
    [this](presence_atom, const push_address& address) {
      return uint64_t{holders(address).size()};
    },
    [this](get_atom, const push_address& address) { return owner_of(address); },
    [](state_atom) { return ready; },
    [](state_atom, const push_address&) { return ready; },
    [](leave_atom) {
      // There is no other node.
    },
    [this](get_atom) { return counts_; },
  };
}

caf::result<bool> loopback::add_holder(const push_address& address,
                                       const registry_actor& registry) {
  holders_[address.key()].push_back(registry);
  if (auto topics = topics_.topics_of(address, clock().now()); !topics.empty())
    send(registry, topics_atom_v, address, std::move(topics));
  auto result = make_response_promise<bool>();
  result.deliver(inboxes_.summarize(address, clock().now()).entries > 0);
  if (auto value = topics_.value_of(address, clock().now()))
    send(registry, deliver_atom_v,
         addressed_messages{{address, last_value{*std::move(value)}}});
  return result;
}

ok_atom loopback::remove_holder(const push_address& address,
                                const registry_actor& registry) {
  auto i = holders_.find(address.key());
  if (i != holders_.end() && std::erase(i->second, registry) > 0
      && i->second.empty()) {
    holders_.erase(i);
    owners_.erase(address.key());
  }
  return ok_atom_v;
}

void loopback::publish(const numbered_pushes& pushes,
                       const outcome_receiver_actor& receiver) {
  numbered_outcomes outcomes;
  for (auto& [number, address, push] : pushes)
    outcomes.push_back({number, publish(address, push)});
  send(receiver, std::move(outcomes));
}

caf::expected<outcome> loopback::publish(const push_address& address,
                                         const push& push) {
  auto now = clock().now();
  if (!push.key.empty())
    if (auto first = idempotency_.find(address, push, now))
      return *std::move(first);
  auto sent = push;
  if (push.ttl.count() > 0) {
    auto entry = inboxes_.append(address, push, now);
    if (!entry)
      return errc::inbox_full;
    sent.entry = *entry;
  }
  if (push.retain.count() > 0) {
    topics_.expire(now);
    topics_.keep_value(address, push, now);
  }
  outcome result{push.id, push.want, is_kept(push)};
  result.counts.nodes = deliver(address, sent);
  if (!push.key.empty() && (result.kept || result.counts.nodes > 0))
    idempotency_.add(address, push, result, now);
  return result;
}

uint64_t loopback::publish(const push_address& address, const query& query) {
  auto now = clock().now();
  if (query.type == query::kind::unsubscribe) {
    topics_.remove(address, query.subject);
  } else if (query.type == query::kind::forget) {
    topics_.forget_value(address);
  } else if (changes_kept(query)) {
    topics_.expire(now);
    topics_.keep(address, query.subject, now + query.ttl);
  }
  return deliver(address, query);
}

uint64_t loopback::probe(const std::string& id) {
  forward({id, node_name_, settled{}});
  return 1;
}

uint64_t loopback::claim(const push_address& address) {
  auto number = owners_[address.key()] = ++claims_;
  deliver(address, waybill::claim{number});
  return number;
}

uint64_t loopback::owner_of(const push_address& address) const {
  auto i = owners_.find(address.key());
  return i == owners_.end() ? 0 : i->second;
}

void loopback::forward(report report) {
  auto i = waiting_.find(report.push);
  if (i == waiting_.end())
    return;
  report.node = node_name_;
  send(i->second, std::move(report));
}

const std::vector<registry_actor>&
loopback::holders(const push_address& address) const {
  static const std::vector<registry_actor> none;
  auto i = holders_.find(address.key());
  return i == holders_.end() ? none : i->second;
}

} // namespace waybill
