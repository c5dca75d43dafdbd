#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "actors/core/idempotency_store.hpp"
#include "actors/core/inboxes.hpp"
#include "actors/core/topic_store.hpp"
#include "actors/hosted.hpp"
#include "actors/interfaces.hpp"

namespace waybill {

/// The bus of a single node: delivers pushes to the registries of its process
/// and keeps mailboxes in memory. It is always ready. With several registries
/// attached it is a cluster in one process, as tests use it.
class loopback : public hosted<bus_actor> {
public:
  /// @param node_name the name of this node in reports.
  /// @param mailbox_limit the maximum number of entries of a mailbox.
  loopback(caf::actor_config& cfg, caf::execution_unit* host,
           std::string node_name, size_t mailbox_limit);

  const char* name() const override;

  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  caf::result<bool> add_holder(const push_address& address,
                               const registry_actor& registry);

  ok_atom remove_holder(const push_address& address,
                        const registry_actor& registry);

  caf::expected<outcome> publish(const push_address& address, const push& push);

  void publish(const numbered_pushes& pushes,
               const outcome_receiver_actor& receiver);

  /// Delivers a query, and keeps or removes the topic that it changes.
  /// @returns the number of registries that hold `address`.
  uint64_t publish(const push_address& address, const query& query);

  /// Delivers a message to the registries that hold `address`.
  /// @returns the number of those registries.
  uint64_t deliver(const push_address& address, const bus_message& message);

  /// Sends the receipt of push `id` a report that settles the push.
  /// @returns the number of nodes, which is 1.
  uint64_t probe(const std::string& id);

  /// Makes a session the owner of an id.
  /// @returns the number of its claim.
  uint64_t claim(const push_address& address);

  /// Returns the number of the claim that owns an id; 0 if there is none.
  uint64_t owner_of(const push_address& address) const;

  /// Returns the registries that hold `address`.
  const std::vector<registry_actor>& holders(const push_address& address) const;

  /// Forwards a report to the actor that waits for it, if there still is one.
  void forward(report report);

  const std::string node_name_;
  std::unordered_map<std::string, std::vector<registry_actor>> holders_;

  /// The actors that wait for reports, by the id of the push or query.
  std::unordered_map<std::string, report_receiver_actor> waiting_;
  inboxes inboxes_;
  idempotency_store idempotency_;
  topic_store topics_;

  /// The last claim of each id that is held, and the last of all.
  std::unordered_map<std::string, uint64_t> owners_;
  uint64_t claims_ = 0;

  /// Counts the mailbox entries that clients have confirmed.
  metrics counts_;
};

} // namespace waybill
