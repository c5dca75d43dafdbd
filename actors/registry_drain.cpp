// The registry: closes its sessions in shares when the node stops.

#include "actors/registry.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>

namespace waybill {

namespace {

/// Time between two shares of sessions while a node drains.
constexpr auto drain_step = std::chrono::milliseconds{50};

/// Minimum number of sessions in a share, so that a small node drains at once.
constexpr size_t min_drain_share = 5;

constexpr auto stopping = "this node is stopping";

} // namespace

registry::ok_promise registry::start_drain(caf::timespan time) {
  draining_ = true;
  drained_ = make_response_promise<ok_atom>();
  to_drain_.clear();
  for (auto& [id, member] : sessions_.members())
    to_drain_.push_back(member.session);
  auto steps = static_cast<size_t>(time / drain_step) + 1;
  drain_share_ = std::max(min_drain_share, to_drain_.size() / steps + 1);
  spread_returns([this] { drain_some(); });
  return drained_;
}

void registry::spread_returns(std::function<void()> handler) {
  auto rate = limits_.sessions.per_second;
  if (rate == 0)
    return handler();
  request(bus_, caf::infinite, presence_atom_v, push_address::nodes())
    .then(
      [this, rate, handler](uint64_t nodes) {
        // The clients of a node that runs alone come back to itself.
        auto others = std::max<uint64_t>(nodes, 2) - 1;
        returns_.set_rate(static_cast<double>(others * rate));
        handler();
      },
      // Without an answer, the rate is that of one node.
      [handler](const caf::error&) { handler(); });
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
  // A session without an address is being closed already.
  if (member.joined.empty() || member.draining)
    return;
  auto [together, last] = sessions_.drain(member);
  // When the last of these is detached, all pushes sent before that have
  // arrived, whatever their address.
  auto missing = std::make_shared<size_t>(last.size());
  for (auto& address : last)
    detach_address(address, [this, together = together, missing] {
      if (--*missing == 0)
        for (auto& session : together)
          send_away(session);
    });
}

void registry::send_away(const session_actor& session) {
  send(session, close_atom_v,
       close_reason{close_code::going_away, stopping,
                    returns_.next(clock().now())});
}

void registry::end_drain() {
  send(bus_, leave_atom_v);
  drained_.deliver(ok_atom_v);
}

} // namespace waybill
