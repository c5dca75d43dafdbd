#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include <caf/actor_clock.hpp>

#include "redis/beat.hpp"

namespace waybill::redis {

/// The other nodes of the cluster, by their beats. Knows how many nodes must be
/// subscribed before a count of 0 for an address is proof, and which silent
/// nodes Redis still counts.
class node_table {
public:
  using time_point = caf::actor_clock::time_point;

  /// A node that stopped sending beats.
  struct silent_node {
    std::string name;

    /// CLIENT ID of its subscribed connection; 0 if unknown.
    uint64_t client;
  };

  /// @param self is the name of this node, whose own beats are ignored.
  explicit node_table(std::string self) : self_(std::move(self)) {
    // nop
  }

  /// Records a beat.
  void on_beat(const beat& x, time_point now);

  /// Records that a canary of this node returned. Beats arrive on the same
  /// connection, so a node is silent after many canaries without one. A clock
  /// would not do: after a freeze of this node, all others would seem silent.
  /// @returns the nodes that have just become silent.
  std::vector<silent_node> on_canary();

  /// Records the number of nodes that Redis counts, including this one. A node
  /// whose beats have stopped has ended if Redis does not count it; otherwise
  /// it is frozen or cut off, and may return after Redis stops counting it.
  void on_count(size_t nodes, time_point now);

  /// Records that the Redis connection of a silent node was closed.
  void on_cut_off(const std::string& node);

  /// Records that Redis went away.
  void on_away();

  /// Records that Redis is ready again.
  void on_ready(time_point now);

  /// Records the number of nodes that another master of a Redis Cluster counts:
  /// so many are expected when this one is ready, for ten seconds.
  void on_inherited(size_t nodes) { inherited_ = nodes; }

  /// Returns the number of nodes alive, including this one.
  size_t present(time_point now) const;

  /// Returns the number of nodes, including this one, that must be subscribed
  /// before a count of 0 proves that no node holds an address. For ten seconds
  /// this includes nodes that were alive before Redis went away, that are
  /// frozen or cut off, or that announced to return. Any other node that Redis
  /// does not count has ended.
  size_t expected(time_point now);

private:
  struct peer {
    time_point last_beat;
    uint64_t client = 0;

    /// Number of canaries of this node since its last beat.
    size_t canaries = 0;

    /// Set if it may return, and if Redis certainly does not count it.
    bool missing = false;
    bool uncounted = false;
  };

  std::string self_;
  std::unordered_map<std::string, peer> peers_;
  size_t inherited_ = 0;
  bool ready_ = false;
  time_point ready_since_;
};

} // namespace waybill::redis
