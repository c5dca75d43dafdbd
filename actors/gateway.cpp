#include "actors/gateway.hpp"

#include <random>
#include <utility>

#include "actors/receipt.hpp"
#include "actors/survey.hpp"

namespace waybill {

namespace {

/// Returns a prefix for push ids: the node's name, and a random part that
/// differs between its loops and between restarts.
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
                 bus_actor bus, registry_actor registry,
                 collector_actor collector, session_config config,
                 const std::string& node_name)
    : hosted(cfg, host), host_(host), bus_(std::move(bus)),
      registry_(std::move(registry)), collector_(std::move(collector)),
      config_(std::move(config)), node_name_(node_name),
      push_prefix_(make_push_prefix(node_name)) {
  // nop
}

const char* gateway::name() const {
  return "waybill.gateway";
}

gateway::behavior_type gateway::make_behavior() {
  send(registry_, attach_atom_v, gateway_actor{this});
  return {
    [this](drain_atom) { draining_ = true; },
    [this](trace_atom, const std::string& id) {
      return push_log_.events(id, push_prefix_);
    },
    [this](tick_atom) { flush(); },
    [this](publish_atom) { flush_pushes(); },
    [this](numbered_outcomes& outcomes) { on_outcomes(outcomes); },
  };
}

std::string gateway::next_push_id() {
  return push_id(++pushes_);
}

std::string gateway::push_id(uint64_t number) const {
  return push_prefix_ + std::to_string(number);
}

push_log::entry gateway::take(const push_address& address, push& push) {
  push.id = next_push_id();
  if (push.context && config_.spans)
    begin_span(address, push);
  if (!address.is_id())
    return {pushes_};
  return push_log_.taken(address.name(), pushes_, push);
}

void gateway::answered(push_log::entry taken, uint16_t status) {
  push_log_.answered(taken, status);
  if (auto traced = spans_.extract(taken.number)) {
    auto& span = traced.mapped();
    span.ended = trace_time();
    span.status = status;
    send(config_.spans, std::move(span));
  }
}

void gateway::begin_span(const push_address& address, push& push) {
  auto parent = std::exchange(push.context->span, make_span_id());
  spans_.emplace(pushes_, span{.type = span::kind::push,
                               .context = *push.context,
                               .parent = parent,
                               .began = trace_time(),
                               .address = address.key(),
                               .push = push.id});
}

void gateway::on_exit() {
  ended_ = true;
  // Their results are no longer needed.
  outcome_handlers_.clear();
  for (auto& [id, actor] : std::exchange(pending_, {}))
    send_exit(actor, caf::exit_reason::user_shutdown);
}

template <class T, class Handle, class... Ts>
void gateway::ask(std::function<void(caf::expected<T>)> handler,
                  const Handle& actor, Ts&&... request) {
  if (ended_)
    return handler(caf::error{errc::bus_away});
  // Shared, since a copy copies all that the handler holds.
  auto shared = std::make_shared<decltype(handler)>(std::move(handler));
  this->request(actor, caf::infinite, std::forward<Ts>(request)...)
    .then([shared](T& response) { (*shared)(std::move(response)); },
          [shared](caf::error& error) { (*shared)(std::move(error)); });
}

namespace {

/// Adapts `handler` to treat a bus that does not answer as away.
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

template <class T, class Handle>
void gateway::await_result(const Handle& actor,
                           std::function<void(caf::expected<T>)> handler) {
  pending_.emplace(actor.id(), actor);
  std::function<void(caf::expected<T>)> on_result =
    [this, id = actor.id(), handler = std::move(handler)](caf::expected<T> x) {
      pending_.erase(id);
      handler(std::move(x));
    };
  ask<T>(std::move(on_result), actor, get_atom_v);
}

void gateway::publish(const push_address& address, push push,
                      outcome_handler handler) {
  if (ended_)
    return handler(caf::error{errc::bus_away});
  if (!needs_receipt(push)) {
    // This actor handles its own message after the requests that are ready now.
    if (queued_pushes_.empty()) {
      send(this, publish_atom_v);
      queued_pushes_.reserve(last_batch_);
    }
    outcome_handlers_.emplace(++published_, std::move(handler));
    queued_pushes_.push_back({published_, address, std::move(push)});
    return;
  }
  if (push.want != receipt_level::routed)
    push.reply_to = node_name_;
  receipt_actor receipt
    = system().spawn<waybill::receipt>(host_, bus_, address, std::move(push));
  await_result<outcome>(receipt, std::move(handler));
}

void gateway::flush_pushes() {
  last_batch_ = queued_pushes_.size();
  send(bus_, publish_atom_v, std::exchange(queued_pushes_, {}),
       outcome_receiver_actor{this});
}

void gateway::on_outcomes(numbered_outcomes& outcomes) {
  for (auto& [number, outcome] : outcomes)
    if (auto handler = outcome_handlers_.extract(number))
      handler.mapped()(std::move(outcome));
}

void gateway::kick(const push_address& address, nodes_handler handler,
                   std::string reason) {
  ask<uint64_t>(std::move(handler), bus_, publish_atom_v, address,
                waybill::kick{next_push_id(), std::move(reason)});
}

void gateway::query(const push_address& address, waybill::query question,
                    caf::timespan time, query_handler handler) {
  if (ended_)
    return handler(caf::error{errc::bus_away});
  question.id = next_push_id();
  question.reply_to = node_name_;
  survey_actor survey = system().spawn<waybill::survey>(
    host_, bus_, address, std::move(question), time);
  await_result<query_result>(survey, std::move(handler));
}

void gateway::presence(const push_address& address, nodes_handler handler) {
  ask<uint64_t>(std::move(handler), bus_, presence_atom_v, address);
}

void gateway::summarize_inbox(const push_address& address,
                              inbox_handler handler) {
  ask<inbox_summary>(std::move(handler), bus_, read_atom_v, address);
}

void gateway::clear_inbox(
  const push_address& address,
  std::function<void(caf::expected<uint64_t>)> handler) {
  ask<uint64_t>(std::move(handler), bus_, drop_atom_v, address);
}

void gateway::spend(const std::string& pusher, uint64_t pushes,
                    std::function<void(caf::expected<caf::timespan>)> handler) {
  ask<caf::timespan>(std::move(handler), registry_, spend_atom_v, pusher,
                     pushes);
}

void gateway::admit(std::string id, std::string peer, slot_handler handler) {
  ask<bus_status>(
    [this, id, peer,
     handler = std::move(handler)](const caf::expected<bus_status>& bus) {
      if (!bus)
        return handler(bus.error());
      auto slot = std::make_shared<const session_slot>(registry_, id, peer);
      if (bus->state == bus_state::away || !bus->takes_sessions)
        handler(caf::error{errc::bus_away, bus->reason});
      else
        handler(std::move(slot));
    },
    registry_, admit_atom_v, id, peer);
}

session_actor gateway::open_session(const session_slot& slot,
                                    const std::vector<std::string>& topics,
                                    transport_ptr connection,
                                    std::string confirmed) {
  push_addresses addresses{push_address::id(slot.id())};
  for (auto& topic : topics)
    addresses.push_back(push_address::topic(topic));
  addresses.push_back(push_address::everyone());
  auto transport = connection->kind();
  auto result
    = system().spawn<session>(host_, config_, bus_, registry_, slot.id(),
                              std::move(connection), std::move(confirmed));
  send(registry_, join_atom_v, std::move(addresses), slot.peer(), transport,
       result);
  return result;
}

void gateway::confirm(const push_address& address, const std::string& entry) {
  send(registry_, confirm_atom_v, address, entry);
}

void gateway::stats(std::function<void(const metrics&)> handler) {
  if (ended_)
    return handler({});
  request(collector_, caf::infinite, get_atom_v)
    .then([handler](const metrics& all) { handler(all); });
}

void gateway::history(
  std::function<void(const figure_history::table&)> handler) {
  if (ended_)
    return handler({});
  request(collector_, caf::infinite, history_atom_v)
    .then([handler](const figure_history::table& all) { handler(all); });
}

void gateway::count(metric x, std::optional<metric> part) {
  metrics counts;
  ++counts[x];
  if (part)
    ++counts[*part];
  send(collector_, count_atom_v, counts);
}

void gateway::note(metric x) {
  ++notes_[x];
  flush_soon();
}

void gateway::note(latency x, std::chrono::steady_clock::duration time) {
  notes_[x].add(time);
  flush_soon();
}

void gateway::flush() {
  flush_scheduled_ = false;
  send(collector_, count_atom_v, std::exchange(notes_, {}));
}

void gateway::flush_soon() {
  if (!ended_ && !std::exchange(flush_scheduled_, true))
    delayed_send(this, std::chrono::seconds{1}, tick_atom_v);
}

} // namespace waybill
