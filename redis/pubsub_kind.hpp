#pragma once

#include <cstdint>

namespace waybill::redis {

/// The pub/sub of Redis that carries addresses.
enum class pubsub_kind : uint8_t {
  /// SUBSCRIBE and PUBLISH, of a single Redis.
  classic,
  /// SSUBSCRIBE and SPUBLISH, of a Redis Cluster: a channel belongs to a slot.
  sharded,
};

} // namespace waybill::redis
