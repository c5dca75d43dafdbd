#include "actors/receipt.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace waybill {

namespace {

/// Time in which a node must answer a probe.
constexpr auto probe_time = std::chrono::milliseconds{300};

/// Delay before a push is retried while another of its key is in flight.
constexpr auto retry_time = std::chrono::milliseconds{50};

} // namespace

receipt::receipt(caf::actor_config& cfg, caf::execution_unit* host,
                 bus_actor bus, push_address address, push push)
    : hosted(cfg, host), bus_(std::move(bus)), address_(std::move(address)),
      push_(std::move(push)) {
  result_.push = push_.id;
  result_.want = push_.want;
}

const char* receipt::name() const {
  return "waybill.receipt";
}

void receipt::on_exit() {
  // A promise refers to the actor that made it, and a pending tick keeps the
  // members of this one alive.
  promise_ = {};
  push_ = {};
}

receipt::behavior_type receipt::make_behavior() {
  return {
    [this](get_atom) { return start(); },
    [this](const report& x) { on_report(x); },
    [this](publish_atom) { publish(); },
    [this](tick_atom) { on_tick(); },
  };
}

caf::typed_response_promise<outcome> receipt::start() {
  promise_ = make_response_promise<outcome>();
  wait(push_.wait);
  if (!push_.reply_to.empty())
    send(bus_, await_atom_v, address_, push_.id, report_receiver_actor{this});
  publish();
  return promise_;
}

void receipt::on_report(const report& report) {
  if (auto counts = std::get_if<delivery_counts>(&report.content))
    nodes_[report.node] += *counts;
  else if (std::holds_alternative<settled>(report.content))
    probed_.erase(report.node);
  check();
}

void receipt::wait(caf::timespan time) {
  deadline_ = clock().now() + time;
  delayed_send(this, std::min(time, max_tick), tick_atom_v);
}

void receipt::on_tick() {
  auto rest = deadline_ - clock().now();
  if (rest.count() > 0)
    wait(rest);
  else
    on_timeout();
}

void receipt::on_timeout() {
  auto was_late = std::exchange(late_, true);
  if (!was_late && published_)
    probe();
  else if (!was_late && is_repeat_)
    // The first push may time out now, too, and then has an outcome.
    wait(probe_time + 2 * retry_time);
  else
    finish();
}

void receipt::publish() {
  request(bus_, caf::infinite, publish_atom_v, address_, push_)
    .then([this](outcome& outcome) { on_published(outcome); },
          [this](caf::error& error) {
            is_repeat_ = error == errc::in_flight;
            if (is_repeat_)
              delayed_send(this, retry_time, publish_atom_v);
            else if (error == errc::unanswered)
              finish();
            else
              finish(std::move(error));
          });
}

void receipt::on_published(outcome& outcome) {
  if (outcome.push != push_.id)
    return finish(std::move(outcome));
  published_ = true;
  push_.body = {};
  sent_to_ = outcome.counts.nodes;
  result_.kept = outcome.kept;
  if (push_.reply_to.empty())
    finish();
  else
    check();
}

bool receipt::owes(const delivery_counts& counts) const {
  auto done
    = push_.want == receipt_level::received ? counts.received : counts.written;
  return done + failures_in(counts) < counts.sessions;
}

void receipt::check() {
  if (!published_)
    return;
  uint64_t reported = 0;
  auto complete = true;
  for (auto& [name, counts] : nodes_) {
    reported += counts.nodes;
    complete = complete && !owes(counts);
  }
  if ((complete && reported >= sent_to_) || (late_ && probed_.empty()))
    finish();
}

void receipt::probe() {
  for (auto& [name, counts] : nodes_)
    if (owes(counts))
      probed_.insert(name);
  if (probed_.empty())
    return finish();
  wait(probe_time);
  for (auto& name : probed_)
    request(bus_, caf::infinite, probe_atom_v, address_, name, push_.id)
      .then(
        [this, name = name](uint64_t nodes) {
          if (nodes > 0)
            return;
          probed_.erase(name);
          ++gone_;
          check();
        },
        [](const caf::error&) {
          // The node stays in `probed_`, as one that does not answer.
        });
}

void receipt::finish() {
  for (auto& [name, counts] : nodes_)
    result_.counts += counts;
  // Unknown are all nodes, if the bus has not answered; else the nodes that
  // have not reported at all, and those whose reports are incomplete.
  if (!published_)
    result_.unknown = 1;
  else if (!push_.reply_to.empty())
    result_.unknown = sent_to_ - std::min(sent_to_, result_.counts.nodes)
                      + probed_.size() + gone_;
  result_.counts.nodes = sent_to_;
  if (!push_.key.empty())
    send(bus_, record_atom_v, address_, push_.key, result_);
  finish(std::move(result_));
}

void receipt::finish(caf::expected<outcome> outcome) {
  if (outcome)
    promise_.deliver(std::move(*outcome));
  else
    promise_.deliver(std::move(outcome.error()));
  if (!push_.reply_to.empty())
    send(bus_, forget_atom_v, address_, push_.id);
  quit();
}

} // namespace waybill
