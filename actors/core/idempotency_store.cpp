#include "actors/core/idempotency_store.hpp"

#include <functional>

namespace waybill {

namespace {

size_t fingerprint_of(const push_address& address, const push& push) {
  return std::hash<std::string>{}(request_fingerprint(address.key(), push));
}

/// Returns the name of a record. Keys contain no space.
std::string name_of(const push_address& address, const std::string& key) {
  return address.key() + ' ' + key;
}

} // namespace

std::optional<caf::expected<outcome>>
idempotency_store::find(const push_address& address, const push& push,
                        time_point now) {
  for (; !ends_.empty() && ends_.front().first <= now; ends_.pop_front()) {
    auto& [name, id] = ends_.front().second;
    // The key may have been removed and used again since.
    if (auto i = records_.find(name);
        i != records_.end() && i->second.outcome.push == id)
      records_.erase(i);
  }
  auto i = records_.find(name_of(address, push.key));
  if (i == records_.end())
    return std::nullopt;
  if (i->second.fingerprint != fingerprint_of(address, push))
    return caf::error{errc::key_reused};
  // The number of nodes is known from the start.
  if (i->second.in_flight && push.want != receipt_level::routed)
    return caf::error{errc::in_flight};
  return at_level(i->second.outcome, push.want);
}

void idempotency_store::add(const push_address& address, const push& push,
                            const outcome& sent, time_point now) {
  auto name = name_of(address, push.key);
  records_[name]
    = {fingerprint_of(address, push), sent, !push.reply_to.empty()};
  ends_.emplace_back(now + key_time, std::pair{std::move(name), push.id});
}

void idempotency_store::record_outcome(const push_address& address,
                                       const std::string& key,
                                       const outcome& outcome) {
  auto i = records_.find(name_of(address, key));
  if (i == records_.end() || i->second.outcome.push != outcome.push)
    return;
  if (is_nobody(outcome))
    records_.erase(i);
  else
    i->second = {i->second.fingerprint, outcome, false};
}

} // namespace waybill
