#include "redis/outbox.hpp"

namespace waybill::redis {

void outbox::add(report what) {
  auto& all = reports_[what.to];
  if (all.empty() || all.back().push != what.push || what.settled) {
    all.push_back(std::move(what));
    return;
  }
  auto& last = all.back();
  last.counts += what.counts;
  last.details.insert(last.details.end(), what.details.begin(),
                      what.details.end());
}

void outbox::confirm(const push_address& where, const std::string& entry) {
  confirmed_[where.key()] = {where, entry};
}

void outbox::flush(const std::string& node, store& to,
                   const std::function<void(uint64_t)>& on_removed) {
  auto drop = [](const caf::expected<uint64_t>&) {
    // Who waits for it will say that it is unknown.
  };
  for (auto& [receiver, reports] : std::exchange(reports_, {}))
    to.tell(receiver, node_message{node, std::move(reports)}, drop);
  for (auto& [key, what] : std::exchange(confirmed_, {}))
    to.confirm(what.first, what.second,
               [on_removed](const caf::expected<uint64_t>& count) {
                 // What is not confirmed is sent again.
                 if (count)
                   on_removed(*count);
               });
}

} // namespace waybill::redis
