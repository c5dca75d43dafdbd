#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include <caf/actor_clock.hpp>

#include "actors/core/bus_message.hpp"

namespace waybill {

/// The topics that a single node keeps for ids, and the last values of topics,
/// in memory. They behave as those that Redis keeps for a cluster.
class topic_store {
public:
  using time_point = caf::actor_clock::time_point;

  /// Keeps a topic for an id until `end`.
  void keep(const push_address& address, const std::string& topic,
            time_point end);

  void remove(const push_address& address, const std::string& topic);

  /// Returns the topics of an id, in the order of their names.
  kept_topics topics_of(const push_address& address, time_point now) const;

  /// Keeps a push as the last value of its topic for its `retain`.
  void keep_value(const push_address& topic, const push& value, time_point now);

  void forget_value(const push_address& topic) { values_.erase(topic.key()); }

  /// Returns the last value of a topic, with the remaining time, if there is
  /// one. No report is due for it.
  std::optional<push> value_of(const push_address& topic, time_point now) const;

  /// Removes topics and values whose time has passed.
  void expire(time_point now);

private:
  /// Time of each topic, by name, by the key of its address.
  std::unordered_map<std::string, std::map<std::string, time_point>> topics_;

  /// Last values and when they end, by the key of their topic.
  std::unordered_map<std::string, std::pair<push, time_point>> values_;
};

} // namespace waybill
