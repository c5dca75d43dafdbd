#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace waybill::redis {

/// What the bridges of a cluster have in common, and this node's name.
struct bridge_config {
  /// Stands before all keys and channels of ours but the open one.
  std::string prefix = "waybill";

  /// Where every program may publish `{"KEY":…,"VALUE":…}`.
  std::string open_channel = "waybill";

  /// Names this node in its own channel and in dead letters.
  std::string node = "node";

  /// Names this Redis in the log: its URL without the password.
  std::string server = "redis";

  /// Stands in this node's canaries, and tells its process from any other that
  /// was given the same name: random, and the same for all its bridges.
  std::string instance_id = "tag";

  /// The largest payload on the open channel, in bytes.
  size_t max_body = 256 * 1024;

  /// What clients sent may wait for Redis in so many bytes; past it, it is
  /// dropped and counted.
  size_t max_unsent_bytes = 8 << 20;

  /// How many entries a mailbox may hold.
  size_t mailbox_limit = 1000;

  /// How many replicas must have a push that is kept before it is answered.
  size_t replicas = 0;

  /// Set if a session needs a claim to its id (`--same-id newest`).
  bool claims = false;

  /// When this process began, in microseconds since 1970: of two nodes of one
  /// name the later one steps back.
  uint64_t began = 0;

  /// Set if this is one Redis of several: what comes on its open channel may be
  /// for an address that another one carries.
  bool is_shard = false;
};

} // namespace waybill::redis
