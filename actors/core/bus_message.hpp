#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <caf/meta/type_name.hpp>

#include "actors/core/address.hpp"
#include "actors/core/push.hpp"
#include "actors/core/query.hpp"

namespace waybill {

/// Request to close all sessions of an id.
struct kick {
  /// The id of this request, unique in the cluster.
  std::string id;

  /// The reason that the clients read: see `is_reason`. Empty for the usual
  /// one.
  std::string reason = {};
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, kick& x) {
  return f(caf::meta::type_name("kick"), x.id, x.reason);
}

/// Announcement that a newer session owns an id.
struct claim {
  /// Larger than the number of any older claim.
  uint64_t number = 0;
};

/// Topic that later sessions of an id join, too.
struct kept_topic {
  push_address topic;

  /// The remaining time.
  std::chrono::milliseconds ttl{0};

  friend bool operator==(const kept_topic&, const kept_topic&) = default;
};

using kept_topics = std::vector<kept_topic>;

/// The last value of a topic, for registries that have just attached it.
struct last_value {
  /// `retain` is the remaining time.
  push content;
};

/// Message that a bus carries to the nodes that hold an address.
using bus_message = std::variant<push, kick, claim, query, last_value>;

/// A message of the bus, and the address that it is for.
struct addressed_message {
  push_address address;
  bus_message message;
};

/// Messages of the bus, in the order of their arrival.
using addressed_messages = std::vector<addressed_message>;

} // namespace waybill
