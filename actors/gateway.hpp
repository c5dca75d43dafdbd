#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "actors/hosted.hpp"
#include "actors/interfaces.hpp"
#include "actors/session.hpp"
#include "actors/session_slot.hpp"

namespace waybill {

/// Stands between the connections of one event loop and the actors: turns what
/// an HTTP request asks for into messages, and their answers into callbacks.
///
/// A connection is no actor, so it calls the member functions below. It may,
/// because both live on the same loop, as a socket and its broker do in CAF.
/// Callbacks run there, too.
class gateway : public hosted<gateway_actor> {
public:
  /// Gets how many nodes hold an address, or why that is not known.
  using nodes_handler = std::function<void(caf::expected<uint64_t>)>;

  /// Gets a place for a session, or why there is none.
  using slot_handler = std::function<void(caf::expected<session_slot_ptr>)>;

  /// Gets what became of a push, or why that is not known.
  using outcome_handler = std::function<void(caf::expected<outcome>)>;

  /// @param node_name the name of this node, for the ids of its pushes.
  gateway(caf::actor_config& cfg, caf::execution_unit* host, bus_actor bus,
          registry_actor registry, session_config config,
          const std::string& node_name);

  const char* name() const override;

  void on_exit() override;

  /// Tells whether the node is stopping.
  bool draining() const noexcept { return draining_; }

  /// Hands the state of the bus to `handler`, or that of the part of it which
  /// carries pushes to `address`. The bus itself is asked each time, so that no
  /// two connections of a node get different answers.
  void state(std::function<void(const bus_status&)> handler);
  void state(const push_address& address,
             std::function<void(const bus_status&)> handler);

  /// Returns a name for a push that no other push in the cluster has.
  std::string next_push_id();

  /// Pushes `what` to `where` and hands what became of it to `then`, or an
  /// error: `errc::bus_away`, if surely nothing was sent, `errc::unanswered`,
  /// `errc::refused`, `errc::mailbox_full`, `errc::key_reused`, `errc::busy` or
  /// `errc::nodes_missing`.
  ///
  /// If `needs_receipt(what)`, that comes within `what.wait`, or soon after it.
  /// Else nothing but the bus is waited for, as long as that takes.
  void publish(const push_address& address, push push, outcome_handler then);

  /// Hands the number of nodes that hold `where` to `then`; errors as above.
  void presence(const push_address& address, nodes_handler then);

  /// Counts pushes of a pusher, and hands to `then` how long they have to wait;
  /// 0 if they may be made now.
  void spend(const std::string& pusher, uint64_t pushes,
             std::function<void(caf::expected<caf::timespan>)> then);

  /// Takes a place for a session of `id`, whose client connects from `peer`;
  /// errors: `errc::node_full`, `errc::id_full` and `errc::peer_full`.
  void admit(std::string id, std::string peer, slot_handler then);

  /// Starts the session of a client, which listens to `topics`.
  /// @pre `is_name` holds for them and for the id in `where`.
  session_actor open_session(const session_slot& slot,
                             const std::vector<std::string>& topics,
                             transport_ptr connection);

  /// Hands the figures of this node to `then`.
  void stats(std::function<void(const counters&)> then);

  /// Adds one to the figure `name` of this node, and at the same time to the
  /// one of its parts that is named, too, if any is.
  void count(const char* name, const char* part = nullptr);

  /// Adds to a figure of what happens often: it is told within a second.
  void note(const std::string& name, uint64_t more = 1);

  /// Adds to the trace of an id: it is told within a second.
  void trace(trace_event event);

protected:
  behavior_type make_behavior() override;

private:
  void flush_trace();

  /// Has one message tell all that happens within a second.
  void flush_soon();

  /// Asks an actor, for an answer of type `T`.
  template <class T, class Handle, class... Ts>
  void ask(std::function<void(caf::expected<T>)> then, const Handle& whom,
           Ts&&... question);

  caf::execution_unit* const host_;
  const bus_actor bus_;
  const registry_actor registry_;
  const session_config config_;
  const std::string node_name_;
  const std::string push_prefix_;
  uint64_t pushes_ = 0;

  /// What the registry has not been told yet.
  counters notes_;
  trace_events trace_;
  bool ticking_ = false;

  /// Those that have not answered.
  std::unordered_map<caf::actor_id, receipt_actor> receipts_;
  bool draining_ = false;

  /// Set once this actor gets no more answers. Who asks then must not wait for
  /// one: the callback, and the connection in it, would outlive the loop.
  bool ended_ = false;
};

} // namespace waybill
