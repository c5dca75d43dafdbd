#include "actors/gateway.hpp"

#include <random>
#include <utility>

#include "actors/receipt.hpp"

namespace waybill {

namespace {

/// How many hops wait at most for the next second.
constexpr size_t most_hops = 1000;

/// Returns a prefix for push ids: the node's name, and a number that differs
/// whenever a node of that name starts again, and between its loops.
std::string make_push_prefix(const std::string& node_name) {
  constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::random_device random;
  auto result = node_name + '-';
  for (int i = 0; i < 8; ++i)
    result += digits[random() % digits.size()];
  return result + '-';
}

} // namespace

gateway::gateway(caf::actor_config& cfg, caf::execution_unit* host,
                 bus_actor bus, registry_actor registry, session_config config,
                 const std::string& node_name)
    : hosted(cfg, host), host_(host), bus_(std::move(bus)),
      registry_(std::move(registry)), config_(std::move(config)),
      node_name_(node_name), push_prefix_(make_push_prefix(node_name)) {
  // nop
}

const char* gateway::name() const {
  return "waybill.gateway";
}

gateway::behavior_type gateway::make_behavior() {
  return {
    [this](drain_atom) { draining_ = true; },
    [this](tick_atom) {
      ticking_ = false;
      send(registry_, count_atom_v, std::exchange(notes_, {}));
      flush_trace();
    },
  };
}

std::string gateway::next_push_id() {
  return push_prefix_ + std::to_string(++pushes_);
}

void gateway::on_exit() {
  ended_ = true;
  // Whoever would get their answers has gone.
  for (auto& [id, receipt] : std::exchange(receipts_, {}))
    send_exit(receipt, caf::exit_reason::user_shutdown);
}

template <class T, class Handle, class... Ts>
void gateway::ask(std::function<void(caf::expected<T>)> then,
                  const Handle& whom, Ts&&... question) {
  if (ended_)
    return then(caf::error{errc::bus_away});
  request(whom, caf::infinite, std::forward<Ts>(question)...)
    .then([then](T& reply) { then(std::move(reply)); },
          [then](caf::error& why) { then(std::move(why)); });
}

namespace {

/// Takes a bus that does not answer for one that is away.
std::function<void(caf::expected<bus_status>)>
or_away(std::function<void(const bus_status&)> handler) {
  return
    [handler = std::move(handler)](const caf::expected<bus_status>& status) {
      handler(status ? *status : bus_status{});
    };
}

} // namespace

void gateway::state(std::function<void(const bus_status&)> handler) {
  ask<bus_status>(or_away(std::move(handler)), bus_, state_atom_v);
}

void gateway::state(const push_address& address,
                    std::function<void(const bus_status&)> handler) {
  ask<bus_status>(or_away(std::move(handler)), bus_, state_atom_v, address);
}

void gateway::publish(const push_address& address, push push,
                      outcome_handler then) {
  if (ended_)
    return then(caf::error{errc::bus_away});
  if (!needs_receipt(push))
    return ask<outcome>(std::move(then), bus_, publish_atom_v, address,
                        std::move(push));
  if (push.want != receipt_level::routed || is_query(push))
    push.reply_to = node_name_;
  auto receipt
    = system().spawn<waybill::receipt>(host_, bus_, address, std::move(push));
  receipts_.emplace(receipt.id(), receipt);
  outcome_handler last = [this, id = receipt.id(),
                          then = std::move(then)](caf::expected<outcome> x) {
    receipts_.erase(id);
    then(std::move(x));
  };
  ask<outcome>(std::move(last), receipt, get_atom_v);
}

void gateway::presence(const push_address& address, nodes_handler then) {
  ask<uint64_t>(std::move(then), bus_, presence_atom_v, address);
}

void gateway::spend(const std::string& pusher, uint64_t pushes,
                    std::function<void(caf::expected<caf::timespan>)> then) {
  ask<caf::timespan>(std::move(then), registry_, spend_atom_v, pusher, pushes);
}

void gateway::admit(std::string id, std::string peer, slot_handler then) {
  ask<ok_atom>(
    [this, id, peer, then](const caf::expected<ok_atom>& x) {
      if (x)
        then(std::make_shared<const session_slot>(registry_, id, peer));
      else
        then(x.error());
    },
    registry_, admit_atom_v, id, peer);
}

session_actor gateway::open_session(const session_slot& slot,
                                    const std::vector<std::string>& topics,
                                    transport_ptr connection) {
  push_addresses addresses{push_address::id(slot.id())};
  for (auto& topic : topics)
    addresses.push_back(push_address::topic(topic));
  addresses.push_back(push_address::everyone());
  auto result = system().spawn<session>(host_, config_, bus_, registry_,
                                        slot.id(), std::move(connection));
  send(registry_, join_atom_v, std::move(addresses), slot.peer(), result);
  return result;
}

void gateway::stats(std::function<void(const counters&)> then) {
  if (ended_)
    return then({});
  request(registry_, caf::infinite, get_atom_v)
    .then([this, then](const counters& ours) {
      request(bus_, caf::infinite, get_atom_v)
        .then([ours, then](counters& all) {
          all.insert(ours.begin(), ours.end());
          then(all);
        });
    });
}

void gateway::count(const char* name, const char* part) {
  counters all{{name, 1}};
  if (part)
    all.emplace(part, 1);
  send(registry_, count_atom_v, std::move(all));
}

void gateway::note(const std::string& name, uint64_t more) {
  notes_[name] += more;
  flush_soon();
}

void gateway::trace(trace_event event) {
  trace_.push_back(std::move(event));
  if (trace_.size() == most_hops)
    flush_trace();
  flush_soon();
}

void gateway::flush_trace() {
  if (!trace_.empty())
    send(registry_, trace_atom_v, std::exchange(trace_, {}));
}

void gateway::flush_soon() {
  if (!ended_ && !std::exchange(ticking_, true))
    delayed_send(this, std::chrono::seconds{1}, tick_atom_v);
}

} // namespace waybill
