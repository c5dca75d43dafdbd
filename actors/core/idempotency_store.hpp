#pragma once

#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

#include <caf/actor_clock.hpp>
#include <caf/expected.hpp>

#include "actors/core/errc.hpp"
#include "actors/core/push.hpp"

namespace waybill {

/// How long a key stands for the push that it came with first.
constexpr auto key_time = std::chrono::minutes{10};

/// Remembers by key what became of pushes, in a node that is alone.
class idempotency_store {
public:
  using time_point = caf::actor_clock::time_point;

  /// Looks for the first push of the key of `what`.
  /// @returns what became of it at the level of `what`, `errc::under_way` or
  ///          `errc::key_reused`, or nothing if there is none.
  std::optional<caf::expected<outcome>> find(const push_address& address,
                                             const push& push, time_point now);

  /// Remembers that a push was sent.
  void add(const push_address& address, const push& push, const outcome& sent,
           time_point now);

  /// Remembers what became of the push that a key stands for, or frees the key
  /// if it reached and left nothing.
  void record_outcome(const std::string& key, const outcome& outcome);

private:
  struct record {
    /// Tells pushes apart.
    size_t fingerprint;
    waybill::outcome outcome;

    /// Set while its receipt waits.
    bool in_flight;
  };

  std::unordered_map<std::string, record> records_;

  /// When each of them ends, the oldest first; and which push it was.
  std::deque<std::pair<time_point, std::pair<std::string, std::string>>> ends_;
};

} // namespace waybill
