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
                 bus_actor bus, push_address where, push what)
    : hosted(cfg, host), bus_(std::move(bus)), where_(std::move(where)),
      what_(std::move(what)) {
  result_.push = what_.id;
  result_.want = what_.want;
}

const char* receipt::name() const {
  return "waybill.receipt";
}

void receipt::on_exit() {
  // A promise refers to the actor that made it, and a tick keeps what is here.
  promise_ = {};
  what_ = {};
}

receipt::behavior_type receipt::make_behavior() {
  return {
    [this](get_atom) {
      promise_ = make_response_promise<outcome>();
      wait(what_.wait);
      if (!what_.reply_to.empty())
        send(bus_, await_atom_v, where_, what_.id, receipt_actor{this});
      publish();
      return promise_;
    },
    [this](const report& x) {
      auto& from = nodes_[x.node];
      from.counts += x.counts;
      from.details += x.details.size();
      result_.details.insert(result_.details.end(), x.details.begin(),
                             x.details.end());
      for (auto each : x.trace) {
        each.node = x.node;
        result_.trace.push_back(std::move(each));
      }
      if (!x.figures.values.empty())
        result_.figures[x.node] = x.figures;
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
  else if (!was_late && repeats_)
    // The first one's time may be up now, too: its answer is to be had.
    wait(probe_time + 2 * retry_time);
  else
    finish();
}

void receipt::publish() {
  request(bus_, caf::infinite, publish_atom_v, where_, what_)
    .then([this](outcome& what) { on_published(what); },
          [this](caf::error& why) {
            repeats_ = why == errc::under_way;
            if (repeats_)
              delayed_send(this, retry_time, publish_atom_v);
            else if (why == errc::unanswered)
              finish();
            else
              answer(std::move(why));
          });
}

void receipt::on_published(outcome& what) {
  if (what.push != what_.id)
    return answer(std::move(what));
  published_ = true;
  what_.body = {};
  sent_to_ = what.counts.nodes;
  result_.kept = what.kept;
  if (what_.reply_to.empty())
    finish();
  else
    check();
}

bool receipt::owes(const node& who) const {
  auto done = what_.what == push::purpose::inspect ? who.details
              : what_.want == level::received      ? who.counts.received
                                                   : who.counts.written;
  return done + who.counts.lost + who.counts.dropped < who.counts.sessions;
}

void receipt::check() {
  if (!published_)
    return;
  uint64_t told = 0;
  auto complete = true;
  for (auto& [name, each] : nodes_) {
    told += each.counts.nodes;
    complete = complete && !owes(each);
  }
  if ((complete && told >= sent_to_) || (late_ && probed_.empty()))
    finish();
}

void receipt::probe() {
  for (auto& [name, each] : nodes_)
    if (owes(each))
      probed_.insert(name);
  if (probed_.empty())
    return finish();
  wait(probe_time);
  for (auto& each : probed_)
    request(bus_, caf::infinite, probe_atom_v, where_, each, what_.id)
      .then(
        [this, name = each](uint64_t nodes) {
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
  for (auto& [name, each] : nodes_)
    result_.counts += each.counts;
  // If the bus has not answered, all that is known is that nobody knows. Else
  // it is who has not even told how many sessions it has, and who owes more.
  if (!published_)
    result_.unknown = 1;
  else if (!what_.reply_to.empty())
    result_.unknown = sent_to_ - std::min(sent_to_, result_.counts.nodes)
                      + probed_.size() + gone_;
  result_.counts.nodes = sent_to_;
  if (!what_.key.empty())
    send(bus_, settle_atom_v, where_, what_.key, result_);
  answer(std::move(result_));
}

void receipt::answer(caf::expected<outcome> what) {
  if (what)
    promise_.deliver(std::move(*what));
  else
    promise_.deliver(std::move(what.error()));
  if (!what_.reply_to.empty())
    send(bus_, forget_atom_v, where_, what_.id);
  quit();
}

} // namespace waybill
