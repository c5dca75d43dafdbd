#include "redis/node_table.hpp"

#include <algorithm>

namespace waybill::redis {

namespace {

/// For how long a node that was there is missed.
constexpr auto absence = std::chrono::seconds{10};

/// After so many canaries without a beat, of which one comes with every second
/// canary, a node is silent. It has given its own link up by then.
constexpr size_t silent_canaries = 8;

} // namespace

void node_table::on_beat(const beat& x, time_point now) {
  if (x.node == self_)
    return;
  if (x.leaving)
    peers_.erase(x.node);
  else
    peers_[x.node] = {now, x.client, 0};
}

std::vector<node_table::silent_node> node_table::on_canary() {
  std::vector<silent_node> result;
  for (auto& [name, peer] : peers_)
    if (++peer.canaries == silent_canaries)
      result.push_back({name, peer.client});
  return result;
}

void node_table::on_away() {
  ready_ = false;
  // Another server, or the same one started anew, numbers them in its own way.
  for (auto& [name, peer] : peers_)
    peer.client = 0;
}

void node_table::on_ready(time_point now) {
  ready_ = true;
  ready_since_ = now;
  for (auto& [name, peer] : peers_)
    peer.canaries = 0;
}

size_t node_table::expected(time_point now) {
  if (ready_)
    std::erase_if(peers_, [&](const auto& x) {
      return now - std::max(x.second.last_beat, ready_since_) > absence;
    });
  return peers_.size() + 1;
}

} // namespace waybill::redis
