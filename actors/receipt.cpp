#include "actors/receipt.hpp"

#include <algorithm>
#include <utility>

namespace waybill {

namespace {

/// How long a node may take to say that it is there.
constexpr auto probe_time = std::chrono::milliseconds{300};

/// How long a push waits for another of the same key before it tries again.
constexpr auto retry_time = std::chrono::milliseconds{50};

/// The longest time between two ticks. One that is under way keeps its actor,
/// which most pushes need for a few milliseconds only.
constexpr auto longest_tick = caf::timespan{std::chrono::seconds{1}};

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
  // A promise refers to the actor that made it, and a tick keeps what is here.
  promise_ = {};
  push_ = {};
}

receipt::behavior_type receipt::make_behavior() {
  return {
    [this](get_atom) {
      promise_ = make_response_promise<outcome>();
      wait(push_.wait);
      if (!push_.reply_to.empty())
        send(bus_, await_atom_v, address_, push_.id, receipt_actor{this});
      publish();
      return promise_;
    },
    [this](const report& x) {
      auto& from = nodes_[x.node];
      from.counts += x.counts;
      from.details += x.details.size();
      result_.details.insert(result_.details.end(), x.details.begin(),
                             x.details.end());
      for (auto event : x.trace) {
        event.node = x.node;
        result_.trace.push_back(std::move(event));
      }
      if (!x.metrics.values.empty())
        result_.metrics[x.node] = x.metrics;
      if (x.settled)
        probed_.erase(x.node);
      check();
    },
    [this](publish_atom) { publish(); },
    [this](tick_atom) {
      auto rest = deadline_ - clock().now();
      if (rest.count() > 0)
        wait(rest);
      else
        on_late();
    },
  };
}

void receipt::wait(caf::timespan time) {
  deadline_ = clock().now() + time;
  delayed_send(this, std::min(time, longest_tick), tick_atom_v);
}

void receipt::on_late() {
  auto was_late = std::exchange(late_, true);
  if (!was_late && published_)
    probe();
  else if (!was_late && is_repeat_)
    // The first one's time may be up now, too: its answer is to be had.
    wait(probe_time + 2 * retry_time);
  else
    finish();
}

void receipt::publish() {
  request(bus_, caf::infinite, publish_atom_v, address_, push_)
    .then([this](outcome& outcome) { on_published(outcome); },
          [this](caf::error& why) {
            is_repeat_ = why == errc::in_flight;
            if (is_repeat_)
              delayed_send(this, retry_time, publish_atom_v);
            else if (why == errc::unanswered)
              finish();
            else
              finish(std::move(why));
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

bool receipt::owes(const node& node) const {
  auto done = push_.type == push::kind::inspect       ? node.details
              : push_.want == receipt_level::received ? node.counts.received
                                                      : node.counts.written;
  return done + node.counts.lost + node.counts.dropped < node.counts.sessions;
}

void receipt::check() {
  if (!published_)
    return;
  uint64_t told = 0;
  auto complete = true;
  for (auto& [name, node] : nodes_) {
    told += node.counts.nodes;
    complete = complete && !owes(node);
  }
  if ((complete && told >= sent_to_) || (late_ && probed_.empty()))
    finish();
}

void receipt::probe() {
  for (auto& [name, node] : nodes_)
    if (owes(node))
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
          // It stays among those that do not answer.
        });
}

void receipt::finish() {
  for (auto& [name, node] : nodes_)
    result_.counts += node.counts;
  // If the bus has not answered, all that is known is that nobody knows. Else
  // it is who has not even told how many sessions it has, and who owes more.
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
