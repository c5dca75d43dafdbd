#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "redis/commands.hpp"

namespace waybill::redis {

/// What a bridge has to tell Redis of pushes that have arrived. It waits here
/// until all has come that comes at once, and then goes in one command for each
/// node that waits for reports, and one for each mailbox.
class report_batch {
public:
  bool empty() const noexcept { return reports_.empty() && confirmed_.empty(); }

  /// Adds a report for the node `what.to`.
  void add(report report);

  /// Adds that a client has confirmed an entry of its mailbox and all before
  /// it.
  void confirm(const push_address& address, const std::string& entry);

  /// Sends all of it.
  /// @param node is the name of the node that reports.
  /// @param on_removed is told for each mailbox how many entries were removed.
  void flush(const std::string& node, commands& to,
             const std::function<void(uint64_t)>& on_removed);

private:
  /// By the node that waits for them.
  std::unordered_map<std::string, std::vector<report>> reports_;

  /// By the key of the address.
  std::unordered_map<std::string, std::pair<push_address, std::string>>
    confirmed_;
};

} // namespace waybill::redis
