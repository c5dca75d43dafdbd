#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <caf/allowed_unsafe_message_type.hpp>

#include "actors/interfaces.hpp"
#include "redis/key_slot.hpp"
#include "redis/resp.hpp"
#include "redis/slot_table.hpp"

namespace waybill::redis {

// Messages between the bus over a Redis Cluster and the bridges of its masters.

/// The part of the cluster that a bridge has.
struct assignment {
  /// The slots of its master. A bridge without any ends.
  slot_set slots;

  /// Set if it subscribes to the open channel, for all masters.
  bool has_open_channel = false;

  /// The largest number of nodes that another master counts: so many are
  /// expected at a master that has just got its slots.
  uint64_t nodes = 0;

  /// Set for ten seconds if the former master of the slots is a replica now:
  /// messages reach nodes that are still subscribed there, and are not counted.
  bool follows_replica = false;

  /// Receives messages of the open channel; may be null.
  registry_actor registry = {};

  friend bool operator==(const assignment&, const assignment&) = default;
};

/// A command that a master did not execute.
struct redirected_command {
  command words;

  /// The error of that master, which is a `redirection`.
  std::string error;

  /// The time of all further attempts.
  std::chrono::milliseconds time{0};

  /// Set if the next master of a slot that migrates may execute it: it then
  /// reaches no subscriber before the slot has moved.
  bool follows_ask = true;
};

/// A command from another bridge.
struct routed_command {
  command words;

  /// Set if it is to be executed although the slot is still being imported
  /// (`ASKING`).
  bool asking = false;
};

/// The number of nodes that a master counts.
struct node_count {
  uint64_t nodes = 0;
};

/// A master no longer serves a slot.
struct slot_revoked {
  /// The error of the master, if it sent one.
  std::string error = {};
};

/// A bridge has ended, since its master has no slots.
struct bridge_retired {
  /// Its counters.
  metrics counts;
};

/// Routes commands between the masters of a Redis Cluster.
using router_actor = caf::typed_actor<
  // Executes a command at the master that has its slot, or when there is one
  // again. Returns the reply.
  caf::replies_to<redirected_command>::with<reply>,
  // The number of nodes at the master of the sender, a bridge, has changed.
  caf::reacts_to<node_count>,
  // The master of the sender, a bridge, no longer serves a slot.
  caf::reacts_to<slot_revoked>,
  // The sender, a bridge, has ended.
  caf::reacts_to<bridge_retired>>;

} // namespace waybill::redis

// These never leave the process.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waybill::redis::assignment)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waybill::redis::redirected_command)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waybill::redis::routed_command)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waybill::redis::node_count)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waybill::redis::slot_revoked)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waybill::redis::bridge_retired)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waybill::redis::reply)
