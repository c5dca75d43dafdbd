#include "redis/report_batch.hpp"

#include <variant>

namespace waybill::redis {

void report_batch::add(report report) {
  auto& all = reports_[report.to];
  auto more = std::get_if<delivery_counts>(&report.content);
  auto sum = all.empty() || all.back().push != report.push
               ? nullptr
               : std::get_if<delivery_counts>(&all.back().content);
  if (sum && more)
    *sum += *more;
  else
    all.push_back(std::move(report));
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
