#include "actors/loopback.hpp"

namespace waybill {

namespace {

const auto ready = bus_status{bus_state::ready, true, true};

} // namespace

loopback::loopback(caf::actor_config& cfg, caf::execution_unit* host,
                   std::string node_name, size_t mailbox_limit)
    : hosted(cfg, host), node_name_(std::move(node_name)),
      mailboxes_(mailbox_limit) {
  // nop
}

const char* loopback::name() const {
  return "waybill.loopback";
}

void loopback::on_exit() {
  // Registries and receipts refer to their bus.
  holders_.clear();
  waiting_.clear();
}

loopback::behavior_type loopback::make_behavior() {
  return {
    [this](subscribe_atom, const observer_actor& observer) {
      send(observer, ready);
    },
    [this](attach_atom, const push_address& where, const registry_actor& who) {
      holders_[where.key()].push_back(who);
      return ok_atom_v;
    },
    [this](detach_atom, const push_address& where, const registry_actor& who) {
      auto i = holders_.find(where.key());
      if (i != holders_.end() && std::erase(i->second, who) > 0
          && i->second.empty()) {
        holders_.erase(i);
        owners_.erase(where.key());
      }
      return ok_atom_v;
    },
    [this](publish_atom, const push_address& where, const push& what) {
      return publish(where, what);
    },
    [this](await_atom, const push_address&, const std::string& id,
           const receipt_actor& who) { waiting_[id] = who; },
    [this](forget_atom, const push_address&, const std::string& id) {
      waiting_.erase(id);
    },
    [this](report_atom, const push_address&, report& what) {
      tell(std::move(what));
    },
    [this](probe_atom, const push_address&, const std::string&,
           const std::string& id) {
      report settled{id, node_name_};
      settled.settled = true;
      tell(std::move(settled));
      return uint64_t{1};
    },
    [this](settle_atom, const push_address&, const std::string& key,
           const outcome& what) { repeats_.settle(key, what); },
    [this](read_atom, const mailbox_query& what) {
      return mailboxes_.read(what, clock().now());
    },
    [this](confirm_atom, const push_address& where, const std::string& entry) {
      confirmed_ += mailboxes_.confirm(where, entry);
    },
    [this](claim_atom, const push_address& where) {
      push what{""};
      what.what = push::purpose::claim;
      what.claim = owners_[where.key()] = ++claims_;
      deliver(where, what);
      return what.claim;
    },
    [this](presence_atom, const push_address& where) {
      return uint64_t{holders(where).size()};
    },
    [this](get_atom, const push_address& where) {
      auto i = owners_.find(where.key());
      return i == owners_.end() ? uint64_t{0} : i->second;
    },
    [](state_atom) { return ready; },
    [](state_atom, const push_address&) { return ready; },
    [](leave_atom) {
      // No other node would miss this one.
    },
    [this](get_atom) {
      return counters{{"confirmed_pushes", confirmed_}};
    },
  };
}

caf::result<outcome> loopback::publish(const push_address& where,
                                       const push& what) {
  auto now = clock().now();
  if (!what.key.empty())
    if (auto first = repeats_.find(where, what, now))
      return *first ? caf::result<outcome>{**first}
                    : caf::result<outcome>{first->error()};
  auto sent = what;
  if (what.ttl.count() > 0) {
    auto entry = mailboxes_.append(where, what, now);
    if (!entry)
      return errc::mailbox_full;
    sent.entry = *entry;
  }
  outcome result{what.id, what.want, what.ttl.count() > 0};
  result.counts.nodes = deliver(where, sent);
  if (!what.key.empty() && (result.kept || result.counts.nodes > 0))
    repeats_.add(where, what, result, now);
  return result;
}

uint64_t loopback::deliver(const push_address& where, const push& what) {
  auto& found = holders(where);
  for (auto& who : found)
    send(who, deliver_atom_v, where, what);
  return found.size();
}

void loopback::tell(report what) {
  auto i = waiting_.find(what.push);
  if (i == waiting_.end())
    return;
  what.node = node_name_;
  for (auto& each : what.details)
    each.node = node_name_;
  send(i->second, std::move(what));
}

const std::vector<registry_actor>&
loopback::holders(const push_address& where) const {
  static const std::vector<registry_actor> nobody;
  auto i = holders_.find(where.key());
  return i == holders_.end() ? nobody : i->second;
}

} // namespace waybill
