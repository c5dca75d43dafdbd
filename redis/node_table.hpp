#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include <caf/actor_clock.hpp>

#include "redis/beat.hpp"

namespace waybill::redis {

/// The other nodes of the cluster, as their beats tell of them. From it a node
/// knows how many nodes should be there when Redis counts none for an address,
/// and which ones Redis still counts though they are silent.
class node_table {
public:
  using time_point = caf::actor_clock::time_point;

  /// A node that has gone silent.
  struct silent_node {
    std::string name;

    /// The connection by which Redis counts it; 0 if that is not known.
    uint64_t client;
  };

  /// @param self is the name of this node, whose own beats count for nothing.
  explicit node_table(std::string self) : self_(std::move(self)) {
    // nop
  }

  /// Notes a beat.
  void on_beat(const beat& x, time_point now);

  /// Notes that this node has heard itself. The beats of others come on the
  /// same connection, so they are silent if this happens many times without
  /// one: a node that was frozen itself takes nobody for silent.
  /// @returns the nodes that are silent as of now.
  std::vector<silent_node> on_canary();

  /// Notes how many nodes Redis counts, with this one. A node whose beats have
  /// stopped has ended if it is not counted; else it is frozen or cut off, and
  /// may be back when Redis does not count it any more.
  void on_count(size_t nodes, time_point now);

  /// Notes that Redis still counted a silent node, and was told not to.
  void on_cut_off(const std::string& node);

  /// Notes that nothing can be heard from now on.
  void on_away();

  /// Notes that all can be heard again.
  void on_ready(time_point now);

  /// Returns how many nodes there are, with this one.
  size_t present(time_point now) const;

  /// Returns how many nodes must be there, with this one, before it is known
  /// that nobody holds an address. For ten seconds all are missed that were
  /// there before Redis went away, that were frozen or cut off, or that said so
  /// themselves. Any other that Redis does not count has ended.
  size_t expected(time_point now);

private:
  struct peer {
    time_point last_beat;
    uint64_t client = 0;

    /// How often this node has heard itself since.
    size_t canaries = 0;

    /// Set if it may be back, and if Redis surely does not count it.
    bool missing = false;
    bool uncounted = false;
  };

  std::string self_;
  std::unordered_map<std::string, peer> peers_;
  bool ready_ = false;
  time_point ready_since_;
};

} // namespace waybill::redis
