#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "redis/commands.hpp"

namespace waybill::redis {

/// The reports and confirmations of one turn of the loop. Sends one command for
/// each node with receipts, and one for each mailbox.
class report_batch {
public:
  bool empty() const noexcept { return reports_.empty() && confirmed_.empty(); }

  /// Adds a report for the node `report.to`. Counts that follow others of the
  /// same push are added to them.
  void add(report report);

  /// Adds the confirmation of a mailbox entry and all before it.
  void confirm(const push_address& address, const std::string& entry);

  /// Sends all commands.
  /// @param node is the name of this node.
  /// @param on_removed receives the number of entries removed from each
  /// mailbox.
  void flush(const std::string& node, commands& to,
             const std::function<void(uint64_t)>& on_removed);

private:
  /// Reports by receiving node.
  std::unordered_map<std::string, std::vector<report>> reports_;

  /// Confirmations by the key of their address.
  std::unordered_map<std::string, std::pair<push_address, std::string>>
    confirmed_;
};

} // namespace waybill::redis
