#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/http/response.hpp"

namespace waybill::net {

/// The answers of the nodes about an id.
struct id_facts {
  std::string id;

  /// The answer to `GET /socket/{id}?detail=1`.
  json presence;

  /// The answer to `GET /trace/{id}`.
  json trace;

  /// The answer to `GET /socket/{id}/mailbox`.
  json mailbox;

  /// The day of these answers in UTC, `2026-11-28`: other days are named.
  std::string today;
};

/// The known outcome of a push.
enum class push_outcome {
  received,
  written,
  delivered,
  dropped,
  kept,
  lost,
  refused,
  unknown,
};

const char* to_string(push_outcome x);

/// A time in which no node that answered had a session of an id.
struct offline_time {
  /// Time of the last session's end (RFC 3339).
  std::string from;

  /// Time of the next session's begin; empty for none until now.
  std::string to;
};

/// Returns the times in which an id was offline, by the events of its sessions.
/// A time that the nodes no longer know in full is none of them.
std::vector<offline_time> offline_times(const id_facts& facts);

/// Determines the outcome of a push by its hops.
push_outcome outcome_of(const json& push);

/// Explains in sentences what is known of an id and of pushes to it. Claims
/// nothing that the answers do not say: a trace is finite, and a node may be
/// silent.
/// @param push the name of the only push to explain; empty for the last ones.
std::vector<std::string> explain(const id_facts& facts,
                                 const std::string& push);

} // namespace waybill::net
