#pragma once

#include <cstdint>
#include <string_view>

namespace waybill::redis {

/// The extent of an error of Redis beyond the command that it answers.
enum class impairment : uint8_t {
  /// None: the command itself, or the key that it names, is wrong.
  none,
  /// All commands of the same function: Redis is full (OOM), cannot save
  /// (MISCONF), has too few replicas (NOREPLICAS), or the user lacks
  /// permissions (NOPERM).
  function,
  /// All commands, for now: LOADING, BUSY, MASTERDOWN, CLUSTERDOWN, TRYAGAIN,
  /// NOAUTH.
  commands,
  /// All writes on this server: it is a replica (READONLY).
  server,
};

/// Classifies an error by its first word or, for an error within a script, by
/// the sentence of Redis 7.
impairment impairment_of(std::string_view error) noexcept;

} // namespace waybill::redis
