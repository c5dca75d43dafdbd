#include "redis/node_table.hpp"

#include <algorithm>
#include <utility>

namespace waybill::redis {

namespace {

/// Time for which a missing node is expected to return.
constexpr auto absence = std::chrono::seconds{10};

/// Longest interval between beats of a running node, and shortest one between
/// beats that the network has not delayed.
constexpr auto longest_pause = std::chrono::milliseconds{1500};
constexpr auto shortest_pause = std::chrono::milliseconds{500};

/// Maximum age of the last beat of a node that is alive.
constexpr auto presence = std::chrono::seconds{3};

/// Number of canaries without a beat after which a node is silent; a beat comes
/// with every second one. A node that runs has dropped its own link by then.
constexpr size_t silent_canaries = 8;

} // namespace

void node_table::on_beat(const beat& x, time_point now) {
  if (x.node == self_)
    return;
  if (x.leaving) {
    peers_.erase(x.node);
    return;
  }
  auto& peer = peers_[x.node];
  auto pause = now - std::exchange(peer.last_beat, now);
  peer.canaries = 0;
  peer.client = x.missing ? 0 : x.client;
  // The network may hold beats back until their sender has given up that
  // connection, so a missing node is back only when it beats in time again.
  auto is_late
    = peer.missing && (pause < shortest_pause || pause > longest_pause);
  if (!is_late)
    peer.missing = peer.uncounted = x.missing;
}

std::vector<node_table::silent_node> node_table::on_canary() {
  std::vector<silent_node> result;
  for (auto& [name, peer] : peers_)
    if (++peer.canaries == silent_canaries)
      result.push_back({name, peer.client});
  return result;
}

void node_table::on_count(size_t nodes, time_point now) {
  auto counted = 1 + std::count_if(peers_.begin(), peers_.end(), [](auto& x) {
                   return !x.second.uncounted;
                 });
  for (auto i = peers_.begin(); i != peers_.end();) {
    auto& peer = i->second;
    auto has_stopped = !peer.missing && now - peer.last_beat > longest_pause;
    if (has_stopped && static_cast<size_t>(counted) > nodes) {
      i = peers_.erase(i);
      --counted;
    } else {
      peer.missing = peer.missing || has_stopped;
      ++i;
    }
  }
}

void node_table::on_cut_off(const std::string& node) {
  if (auto i = peers_.find(node); i != peers_.end())
    i->second.missing = i->second.uncounted = true;
}

void node_table::on_away() {
  ready_ = false;
  // After a restart or failover, Redis assigns other client ids.
  for (auto& [name, peer] : peers_) {
    peer.client = 0;
    peer.missing = true;
  }
}

void node_table::on_ready(time_point now) {
  ready_ = true;
  ready_since_ = now;
  for (auto& [name, peer] : peers_)
    peer.canaries = 0;
}

size_t node_table::present(time_point now) const {
  auto is_there
    = [&](const auto& x) { return now - x.second.last_beat <= presence; };
  return static_cast<size_t>(
           std::count_if(peers_.begin(), peers_.end(), is_there))
         + 1;
}

size_t node_table::expected(time_point now) {
  if (!ready_)
    return std::max(peers_.size() + 1, inherited_);
  std::erase_if(peers_, [&](const auto& x) {
    return now - std::max(x.second.last_beat, ready_since_) > absence;
  });
  auto result = std::any_of(peers_.begin(), peers_.end(),
                            [](const auto& x) { return x.second.missing; })
                  ? peers_.size() + 1
                  : 1;
  if (now - ready_since_ > absence)
    inherited_ = 0;
  return std::max(result, inherited_);
}

} // namespace waybill::redis
