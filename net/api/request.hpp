#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "actors/core/address.hpp"
#include "actors/core/metric.hpp"
#include "actors/core/payload.hpp"
#include "actors/core/push.hpp"
#include "actors/core/query.hpp"
#include "net/events/event_position.hpp"

namespace waybill::net {

/// Time that a request waits for the bus or for other nodes by default.
constexpr auto default_wait = std::chrono::milliseconds{5000};

/// The options of a push.
struct push_options {
  /// The receipt level that the response waits for, and the maximum wait.
  receipt_level want = receipt_level::routed;
  std::chrono::milliseconds wait = default_wait;

  /// The time that the push is kept in a mailbox; 0 for none.
  std::chrono::seconds ttl{0};

  /// As in `push`.
  std::string collapse = {};
  std::chrono::milliseconds fresh{0};

  /// The time for which the push is the last value of its topic; 0 to forget
  /// that value if the body is empty.
  std::optional<std::chrono::seconds> retain = {};

  /// The span of the pusher, if it records a trace.
  std::optional<trace_context> context = {};
};

/// The part that all requests of clients have.
struct client_request {
  /// The id of the client.
  push_address address;
  std::vector<std::string> topics = {};

  /// The token in the query, if any.
  std::optional<std::string> token = {};

  /// The counter of the reason that the client gives, if any.
  std::optional<metric> via = {};
};

/// Opens a WebSocket.
struct websocket_request : client_request {};

/// Opens an event stream.
struct events_request : client_request {
  /// The position of the client in the former stream.
  event_position position = {};

  /// Set if the client gets pushes with their names.
  bool is_named = false;
};

/// Confirms an entry of the client's mailbox and all before it.
struct confirm_request : client_request {
  std::string entry = {};
};

/// Pushes the body of the request.
struct push_request {
  push_address address;
  push_options options = {};
  payload::format format = payload::format::text;

  /// The Idempotency-Key; empty for none.
  std::string key = {};
};

/// Pushes each line of the body of the request.
struct batch_request {
  /// The options of all lines, except for `ttl`.
  push_options options = {};
};

/// Closes all sessions of an id.
struct kick_request {
  push_address address;

  /// The reason that the clients read; empty for the usual one.
  std::string reason = {};
};

/// Adds the sessions of an id to a topic, or removes them from it.
struct topic_request {
  /// The id.
  push_address address;
  push_address topic;

  /// `subscribe` or `unsubscribe`.
  query::kind type = query::kind::subscribe;

  /// Time for which it also holds for sessions that come later.
  std::chrono::seconds ttl{0};
  std::chrono::milliseconds wait = default_wait;
};

/// Queries the nodes, or sessions, of an id or a topic.
struct presence_request {
  push_address address;

  /// Set for the sessions.
  bool detail = false;
  std::chrono::milliseconds wait = default_wait;
};

/// Summarizes the mailbox of an id, or empties it.
struct mailbox_request {
  push_address address;

  /// Set to empty it.
  bool clears = false;
};

/// Queries the trace of the last pushes to an id.
struct trace_request {
  push_address address;
  std::chrono::milliseconds wait = default_wait;
};

/// Explains the last pushes to an id.
struct why_request {
  push_address address;

  /// The name of the only push to explain; empty for the last ones.
  std::string push = {};
  std::chrono::milliseconds wait = default_wait;
};

/// Queries the counters of this node, or of all nodes.
struct stats_request {
  bool cluster = false;
  std::chrono::milliseconds wait = default_wait;
};

/// Queries the largest ids, topics and queues of all nodes.
struct ranking_request {
  std::chrono::milliseconds wait = default_wait;
};

/// Queries the figures of this node in the last hour, and its log.
struct history_request {};

/// Queries the metrics of this node, for Prometheus.
struct metrics_request {};

/// Checks whether the process runs.
struct liveness_request {};

/// Checks whether the node accepts clients and pushes.
struct readiness_request {};

/// Gets a file of the console.
struct file_request {
  /// The path below `/console/`; empty for `/console`.
  std::string name = {};
};

/// Leads a browser to the console from a path beside it.
struct redirect_request {
  /// The path of the console, relative to that of the request: the node may be
  /// behind the prefix of a proxy.
  std::string_view location;
};

/// A request, parsed from its head.
using request
  = std::variant<websocket_request, events_request, confirm_request,
                 push_request, batch_request, kick_request, topic_request,
                 presence_request, mailbox_request, trace_request, why_request,
                 stats_request, ranking_request, history_request,
                 metrics_request, liveness_request, readiness_request,
                 file_request, redirect_request>;

/// Returns the part that all requests of clients have; null for others.
inline const client_request* client_part(const request& request) {
  return std::visit(
    [](auto& x) -> const client_request* {
      if constexpr (std::is_convertible_v<decltype(&x), const client_request*>)
        return &x;
      else
        return nullptr;
    },
    request);
}

/// Returns whether a request opens a session.
inline bool opens_session(const request& request) {
  return std::holds_alternative<websocket_request>(request)
         || std::holds_alternative<events_request>(request);
}

/// Returns the address that a request is about; nothing if it has none or many.
inline std::optional<push_address> address_of(const request& request) {
  return std::visit(
    [](auto& x) -> std::optional<push_address> {
      if constexpr (requires { x.address; })
        return x.address;
      else
        return std::nullopt;
    },
    request);
}

} // namespace waybill::net
