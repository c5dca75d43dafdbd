#include "actors/gateway.hpp"

#include <random>

namespace waybill {

namespace {

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
      push_prefix_(make_push_prefix(node_name)) {
  // nop
}

const char* gateway::name() const {
  return "waybill.gateway";
}

gateway::behavior_type gateway::make_behavior() {
  return {
    [this](drain_atom) { draining_ = true; },
  };
}

std::string gateway::next_push_id() {
  return push_prefix_ + std::to_string(++pushes_);
}

void gateway::on_exit() {
  ended_ = true;
}

void gateway::state(std::function<void(bus_state)> then) {
  if (ended_)
    return then(bus_state::away);
  request(bus_, caf::infinite, state_atom_v)
    .then([then](bus_state state) { then(state); },
          [then](caf::error&) { then(bus_state::away); });
}

template <class... Ts>
void gateway::ask(nodes_handler then, Ts&&... question) {
  if (ended_)
    return then(caf::error{errc::bus_away});
  request(bus_, caf::infinite, std::forward<Ts>(question)...)
    .then([then](uint64_t nodes) { then(nodes); },
          [then](caf::error& why) { then(std::move(why)); });
}

void gateway::publish(const push_address& where, push what,
                      nodes_handler then) {
  ask(std::move(then), publish_atom_v, where, std::move(what));
}

void gateway::presence(const push_address& where, nodes_handler then) {
  ask(std::move(then), presence_atom_v, where);
}

session_actor gateway::open_session(std::string id, transport_ptr connection) {
  auto where = push_address::id(id);
  auto result = system().spawn<session>(host_, config_, std::move(id),
                                        std::move(connection));
  send(registry_, join_atom_v, where, result);
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

void gateway::count(const char* name) {
  send(registry_, count_atom_v, std::string{name});
}

} // namespace waybill
