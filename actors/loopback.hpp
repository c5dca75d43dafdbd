#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "actors/core/idempotency_store.hpp"
#include "actors/core/inboxes.hpp"
#include "actors/hosted.hpp"
#include "actors/interfaces.hpp"

namespace waybill {

/// The bus of a node that is alone: it brings pushes to the registries of its
/// own process, and keeps mailboxes in memory. It is always ready. With several
/// registries attached it is a cluster in one process, which is how the tests
/// use it.
class loopback : public hosted<bus_actor> {
public:
  /// @param node_name is what this node is called in reports.
  /// @param mailbox_limit is how many entries a mailbox may hold.
  loopback(caf::actor_config& cfg, caf::execution_unit* host,
           std::string node_name, size_t mailbox_limit);

  const char* name() const override;

  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  caf::result<outcome> publish(const push_address& address, const push& push);

  /// Brings a push to the registries that hold `where`.
  /// @returns how many those are.
  uint64_t deliver(const push_address& address, const push& push);

  /// Returns the registries that hold `where`.
  const std::vector<registry_actor>& holders(const push_address& address) const;

  /// Brings a report to whoever waits for it.
  void tell(report report);

  const std::string node_name_;
  std::unordered_map<std::string, std::vector<registry_actor>> holders_;

  /// Who waits for reports, by the id of its push.
  std::unordered_map<std::string, receipt_actor> waiting_;
  inboxes inboxes_;
  idempotency_store idempotency_;

  /// The last claim of each id that is held, and of all.
  std::unordered_map<std::string, uint64_t> owners_;
  uint64_t claims_ = 0;

  /// How many entries of mailboxes have been confirmed.
  uint64_t confirmed_ = 0;
};

} // namespace waybill
