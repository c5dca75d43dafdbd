#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <caf/meta/type_name.hpp>

#include "actors/core/address.hpp"
#include "actors/core/payload.hpp"
#include "actors/core/trace_context.hpp"

namespace waybill {

/// Progress of a push, and the level up to which its pusher wants a receipt.
enum class receipt_level : uint8_t {
  /// A node holds a session for the push.
  routed,
  /// The socket took its bytes.
  written,
  /// The client's WebSocket stack has read its bytes.
  received,
};

inline std::string to_string(receipt_level x) {
  switch (x) {
  case receipt_level::routed:
    return "routed";
  case receipt_level::written:
    return "written";
  case receipt_level::received:
    return "received";
  }
  return "unknown";
}

/// Converts a number to a level, if it is valid.
inline std::optional<receipt_level> to_receipt_level(uint64_t x) {
  if (x > static_cast<uint64_t>(receipt_level::received))
    return std::nullopt;
  return static_cast<receipt_level>(x);
}

/// Maximum `ttl` and `retain` of a push.
constexpr auto longest_ttl = std::chrono::hours{365 * 24};

/// One message from a backend to the clients of an address.
struct push {
  /// The id of this push, unique in the cluster.
  std::string id;

  /// The content for the clients.
  payload body = {};

  /// The level up to which sessions report.
  receipt_level want = receipt_level::routed;

  /// The node that waits for reports; empty for none.
  std::string reply_to = {};

  /// Time for which the mailbox keeps the push unless a client confirms it, up
  /// to `longest_ttl`; 0 for a push that is not kept.
  std::chrono::milliseconds ttl{0};

  /// The mailbox entry of the push; empty if it is not kept.
  std::string entry = {};

  /// Name of the pushes to the id of which only the last is to be delivered;
  /// empty for none.
  std::string collapse = {};

  /// Time after which the push must not be written, up to `longest_ttl`; 0 for
  /// none.
  std::chrono::milliseconds fresh{0};

  /// Time for which the push is the last value of its topic, up to
  /// `longest_ttl`; 0 for a push that is no such value.
  std::chrono::milliseconds retain{0};

  /// The span of the push, if its pusher records a trace.
  std::optional<trace_context> context = {};

  /// The pusher's Idempotency-Key. Only the bus uses it.
  std::string key = {};

  /// Time for which the pusher waits. Only the bus uses it, for other pushes of
  /// the same `key`.
  std::chrono::milliseconds wait{0};
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, push& x) {
  return f(caf::meta::type_name("push"), x.id);
}

/// Returns whether a session needs no more of a push than its body.
inline bool is_plain(const push& x) {
  return x.reply_to.empty() && x.entry.empty() && x.collapse.empty()
         && x.fresh.count() == 0 && !x.context;
}

/// Returns whether Redis keeps a push.
inline bool is_kept(const push& x) {
  return x.ttl.count() > 0 || x.retain.count() > 0;
}

/// Returns whether a push needs more than the answer of the bus.
inline bool needs_receipt(const push& x) {
  return x.want != receipt_level::routed || !x.key.empty();
}

/// Returns a string that is equal for pushes with equal requests, to detect an
/// idempotency key that is reused for another one.
/// @param address any unique name of the address.
inline std::string request_fingerprint(const std::string& address,
                                       const push& push) {
  auto result = address + '\n';
  result += push.body.type() == payload::format::text ? 't' : 'b';
  result += push.body.bytes();
  return result;
}

/// Request for a page of a mailbox.
struct inbox_query {
  push_address address;

  /// The entry after which the page starts; empty to start at the first.
  std::string after = {};

  /// The last entry to read; empty for the last one of the mailbox.
  std::string upto = {};

  /// Approximate maximum size of the page, in bytes of payload.
  uint64_t max_bytes = 0;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, inbox_query& x) {
  return f(caf::meta::type_name("inbox_query"), x.address, x.after, x.upto,
           x.max_bytes);
}

/// Page of a mailbox.
struct inbox_page {
  /// The pushes, the oldest first.
  std::vector<push> pushes;

  /// The last entry of the mailbox when its first page was read.
  std::string upto;

  /// Set if there are more entries up to `upto`.
  bool more = false;

  /// Sum of the times for which these pushes were kept.
  std::chrono::milliseconds age{0};
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, inbox_page& x) {
  return f(caf::meta::type_name("inbox_page"), x.upto, x.more);
}

/// Summary of a mailbox.
struct inbox_summary {
  /// Number of pushes in it.
  uint64_t entries = 0;

  /// Time for which the oldest of them has been kept; 0 if there is none.
  std::chrono::milliseconds age{0};

  friend bool operator==(const inbox_summary&, const inbox_summary&) = default;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, inbox_summary& x) {
  return f(caf::meta::type_name("inbox_summary"), x.entries, x.age);
}

} // namespace waybill
