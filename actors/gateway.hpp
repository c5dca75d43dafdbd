#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "actors/core/push_log.hpp"
#include "actors/hosted.hpp"
#include "actors/interfaces.hpp"
#include "actors/session.hpp"
#include "actors/session_slot.hpp"

namespace waybill {

/// Connects the HTTP connections of one event loop to the actors: sends
/// messages for their requests, and calls their handlers with the responses.
///
/// A connection is no actor, so it calls the member functions below. That is
/// safe because both run on the same loop, as a socket and its broker do in
/// CAF. Handlers run there, too.
class gateway : public hosted<gateway_actor> {
public:
  /// Receives the number of nodes that hold an address, or an error.
  using nodes_handler = std::function<void(caf::expected<uint64_t>)>;

  /// Receives a slot for a session, or an error.
  using slot_handler = std::function<void(caf::expected<session_slot_ptr>)>;

  /// Receives the outcome of a push, or an error.
  using outcome_handler = std::function<void(caf::expected<outcome>)>;

  /// Receives the result of a query, or an error.
  using query_handler = std::function<void(caf::expected<query_result>)>;

  /// Receives the summary of a mailbox, or an error.
  using inbox_handler = std::function<void(caf::expected<inbox_summary>)>;

  /// @param node_name the name of this node, for the ids of its pushes.
  gateway(caf::actor_config& cfg, caf::execution_unit* host, bus_actor bus,
          registry_actor registry, collector_actor collector,
          session_config config, const std::string& node_name);

  const char* name() const override;

  void on_exit() override;

  /// Returns whether the node is stopping.
  bool draining() const noexcept { return draining_; }

  /// Calls `handler` with the state of the bus, or of the part of it that
  /// carries pushes to `address`. The state is not cached, so that all
  /// connections of a node get the same answer.
  void state(std::function<void(const bus_status&)> handler);
  void state(const push_address& address,
             std::function<void(const bus_status&)> handler);

  /// Returns an id for a push that is unique in the cluster.
  std::string next_push_id();

  /// Returns the id of the push with that number.
  std::string push_id(uint64_t number) const;

  /// Names a push, and records in the trace of its id that this node took it.
  /// @returns its number with the record, to be passed to `answered`; no record
  ///          unless `address` is that of an id.
  push_log::entry take(const push_address& address, push& push);

  /// Records in the trace of the push that this HTTP status answered it.
  void answered(push_log::entry taken, uint16_t status);

  /// Publishes a push, and calls `handler` with its outcome or an error:
  /// `errc::bus_away` if nothing was sent, `errc::unanswered`, `errc::refused`,
  /// `errc::inbox_full`, `errc::key_reused`, `errc::busy` or
  /// `errc::nodes_missing`.
  ///
  /// If `needs_receipt(push)`, the outcome comes within `push.wait` or soon
  /// after it. Otherwise it comes as soon as the bus answers.
  void publish(const push_address& address, push push, outcome_handler handler);

  /// Closes all sessions of an id, and calls `handler` with the number of nodes
  /// that hold it; errors as above, as soon as the bus answers.
  /// @param reason the reason that the clients read; empty for the usual one.
  void kick(const push_address& address, nodes_handler handler,
            std::string reason = {});

  /// Asks the nodes that hold an address, and calls `handler` with their
  /// answers, after `time` at the latest; errors as above.
  /// @param question has no id and no `reply_to` yet.
  void query(const push_address& address, waybill::query question,
             caf::timespan time, query_handler handler);

  /// Calls `handler` with the number of nodes that hold an address; errors as
  /// above.
  void presence(const push_address& address, nodes_handler handler);

  /// Takes tokens from the push rate of a pusher, and calls `handler` with the
  /// time to wait until there are as many; 0 if they were taken.
  void spend(const std::string& pusher, uint64_t pushes,
             std::function<void(caf::expected<caf::timespan>)> handler);

  /// Reserves a slot for a session of `id`, whose client connects from `peer`;
  /// errors: `errc::node_full`, `errc::id_full`, `errc::peer_full`, and
  /// `errc::bus_away` while the bus takes no sessions of the id.
  void admit(std::string id, std::string peer, slot_handler handler);

  /// Returns whether a session sends a greeting.
  bool greets() const noexcept { return config_.greeting.size() > 0; }

  /// Starts the session of a client that subscribes to `topics`.
  /// @param confirmed as in `session`.
  /// @pre `is_name` holds for the topics and for `slot.id()`.
  session_actor open_session(const session_slot& slot,
                             const std::vector<std::string>& topics,
                             transport_ptr connection,
                             std::string confirmed = {});

  /// Confirms an entry of the mailbox of an id and all before it.
  void confirm(const push_address& address, const std::string& entry);

  /// Calls `handler` with a summary of the mailbox of an id; errors as above.
  void summarize_inbox(const push_address& address, inbox_handler handler);

  /// Empties the mailbox of an id, and calls `handler` with the number of
  /// pushes that were in it; errors as above.
  void clear_inbox(const push_address& address,
                   std::function<void(caf::expected<uint64_t>)> handler);

  /// Calls `handler` with the metrics of this node.
  void stats(std::function<void(const metrics&)> handler);

  /// Calls `handler` with the figures of this node in the last hour.
  void history(std::function<void(const figure_history::table&)> handler);

  /// Increments a counter of this node, and in the same message that of a part
  /// of it, if given.
  void count(metric x, std::optional<metric> part = std::nullopt);

  /// Increments a counter of a frequent event; sent within a second.
  void note(metric x);

  /// Adds a duration to a histogram; sent within a second.
  void note(latency x, std::chrono::steady_clock::duration time);

protected:
  behavior_type make_behavior() override;

private:
  /// Begins the span of a push whose pusher records a trace.
  void begin_span(const push_address& address, push& push);

  /// Sends the counts that were collected.
  void flush();

  /// Publishes the pushes that are queued.
  void flush_pushes();

  /// Calls the handlers of pushes.
  void on_outcomes(numbered_outcomes& outcomes);

  /// Schedules a flush within a second, unless one is scheduled.
  void flush_soon();

  /// Sends a request whose response is of type `T`.
  template <class T, class Handle, class... Ts>
  void ask(std::function<void(caf::expected<T>)> handler, const Handle& actor,
           Ts&&... request);

  /// Requests the result of an actor that ends with it.
  template <class T, class Handle>
  void await_result(const Handle& actor,
                    std::function<void(caf::expected<T>)> handler);

  caf::execution_unit* const host_;
  const bus_actor bus_;
  const registry_actor registry_;
  const collector_actor collector_;
  const session_config config_;
  const std::string node_name_;
  const std::string push_prefix_;
  uint64_t pushes_ = 0;
  push_log push_log_;

  /// Pushes of this turn of the loop, which go to the bus in one message, and
  /// the handlers of all pushes without an outcome.
  numbered_pushes queued_pushes_;
  std::unordered_map<uint64_t, outcome_handler> outcome_handlers_;
  uint64_t published_ = 0;

  /// Number of pushes in the last such message.
  size_t last_batch_ = 0;

  /// Spans of traced pushes without a response, by the numbers of the pushes.
  std::unordered_map<uint64_t, span> spans_;

  /// Counts that have not been sent yet.
  metrics notes_;
  bool flush_scheduled_ = false;

  /// Receipts and surveys that are pending.
  std::unordered_map<caf::actor_id, report_receiver_actor> pending_;
  bool draining_ = false;

  /// Set once this actor gets no more responses. Requests fail at once then:
  /// a handler that waits, and the connection in it, would outlive the loop.
  bool ended_ = false;
};

} // namespace waybill
