#pragma once

#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

#include <caf/actor_clock.hpp>
#include <caf/expected.hpp>

#include "actors/core/errc.hpp"
#include "actors/core/outcome.hpp"

namespace waybill {

/// Lifetime of an idempotency key.
constexpr auto key_time = std::chrono::minutes{10};

/// Outcomes of pushes by address and idempotency key, in memory, for a single
/// node.
class idempotency_store {
public:
  using time_point = caf::actor_clock::time_point;

  /// Looks up the first push to `address` that has the key of `push`.
  /// @returns its outcome at the level of `push`, `errc::in_flight` or
  ///          `errc::key_reused`, or nothing if there is no such push.
  std::optional<caf::expected<outcome>> find(const push_address& address,
                                             const push& push, time_point now);

  /// Records that a push was sent.
  void add(const push_address& address, const push& push, const outcome& sent,
           time_point now);

  /// Records the final outcome of the push of a key, or removes the key if the
  /// push reached no session and is not kept.
  void record_outcome(const push_address& address, const std::string& key,
                      const outcome& outcome);

private:
  struct record {
    /// Hash of the request, to detect a key that is reused.
    size_t fingerprint;
    waybill::outcome outcome;

    /// Set until the receipt of the push is complete.
    bool in_flight;
  };

  /// By address and key.
  std::unordered_map<std::string, record> records_;

  /// Expiry, name and push id of each record, the oldest first.
  std::deque<std::pair<time_point, std::pair<std::string, std::string>>> ends_;
};

} // namespace waybill
