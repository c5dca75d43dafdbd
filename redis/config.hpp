#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace waybill::redis {

/// Configuration of a bridge: settings of the cluster, and of this node.
struct bridge_config {
  /// Prefix of all keys and channels but the open channel.
  std::string prefix = "waybill";

  /// Channel on which any program may publish `{"KEY":…,"VALUE":…}`.
  std::string open_channel = "waybill";

  /// Name of this node in its own channel and in dead letters.
  std::string node = "node";

  /// Name of the server in the log: its URL without the password.
  std::string server = "redis";

  /// Random tag of this process in its canaries, shared by all its bridges:
  /// distinguishes it from other processes with the same node name.
  std::string instance_id = "tag";

  /// The largest payload on the open channel, in bytes.
  size_t max_body = 256 * 1024;

  /// Maximum number of unsent bytes, past which messages of clients are dropped
  /// and counted.
  size_t max_unsent_bytes = 8 << 20;

  /// Maximum number of entries in a mailbox.
  size_t mailbox_limit = 1000;

  /// Number of messages of clients that their stream keeps; 0 if they are
  /// published on a channel instead.
  size_t upstream_limit = 0;

  /// Number of replicas that must have a kept push before it is answered.
  size_t replicas = 0;

  /// Set if sessions must claim their ids (`--same-id newest`).
  bool claims = false;

  /// Set if the server is part of a Redis Cluster: addresses travel by sharded
  /// pub/sub.
  bool cluster = false;

  /// Start of this process, in microseconds since 1970: of two nodes with one
  /// name, the later is not ready.
  uint64_t began = 0;
};

} // namespace waybill::redis
