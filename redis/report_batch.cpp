#include "redis/report_batch.hpp"

namespace waybill::redis {

void report_batch::add(report report) {
  auto& all = reports_[report.to];
  if (all.empty() || all.back().push != report.push || report.settled) {
    all.push_back(std::move(report));
    return;
  }
  auto& last = all.back();
  last.counts += report.counts;
  last.details.insert(last.details.end(), report.details.begin(),
                      report.details.end());
}

void report_batch::confirm(const push_address& address,
                           const std::string& entry) {
  confirmed_[address.key()] = {address, entry};
}

void report_batch::flush(const std::string& node, commands& to,
                         const std::function<void(uint64_t)>& on_removed) {
  auto drop = [](const caf::expected<uint64_t>&) {
    // The receipt counts nodes without a report as unknown.
  };
  for (auto& [receiver, reports] : std::exchange(reports_, {}))
    to.tell(receiver, node_message{node, std::move(reports)}, drop);
  for (auto& [key, confirmation] : std::exchange(confirmed_, {}))
    to.confirm(confirmation.first, confirmation.second,
               [on_removed](const caf::expected<uint64_t>& count) {
                 // Entries that are not removed are delivered again.
                 if (count)
                   on_removed(*count);
               });
}

} // namespace waybill::redis
