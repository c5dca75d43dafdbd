#pragma once

#include <map>
#include <string>
#include <unordered_map>

#include <caf/actor_clock.hpp>

#include "actors/core/bus_message.hpp"

namespace waybill {

/// The topics that a single node keeps for ids, in memory. They behave as those
/// that Redis keeps for a cluster.
class topic_store {
public:
  using time_point = caf::actor_clock::time_point;

  /// Keeps a topic for an id until `end`.
  void keep(const push_address& address, const std::string& topic,
            time_point end);

  void remove(const push_address& address, const std::string& topic);

  /// Returns the topics of an id, in the order of their names.
  kept_topics topics_of(const push_address& address, time_point now) const;

  /// Removes topics whose time has passed.
  void expire(time_point now);

private:
  /// Time of each topic, by name, by the key of its address.
  std::unordered_map<std::string, std::map<std::string, time_point>> topics_;
};

} // namespace waybill
