#pragma once

#include <cstdint>
#include <string_view>

namespace waybill::redis {

/// What an error of Redis stops besides the command that it answers.
enum class impairment : uint8_t {
  /// Nothing: the command itself, or the key that it names, is wrong.
  none,
  /// All that needs the same: Redis is full (OOM), cannot save (MISCONF), has
  /// too few replicas (NOREPLICAS), or the user has too few rights (NOPERM).
  function,
  /// All commands, for now: LOADING, BUSY, MASTERDOWN, CLUSTERDOWN, TRYAGAIN,
  /// NOAUTH.
  commands,
  /// All that writes, on this server: it is a replica (READONLY).
  server,
};

/// Returns what an error stops, by its first word or, for an error within a
/// script, by the sentence of Redis 7.
impairment impairment_of(std::string_view error) noexcept;

} // namespace waybill::redis
