#include "actors/repeats.hpp"

#include <functional>

namespace waybill {

namespace {

size_t fingerprint_of(const push_address& where, const push& what) {
  return std::hash<std::string>{}(gist_of(where.key(), what));
}

} // namespace

std::optional<caf::expected<outcome>>
repeats::find(const push_address& where, const push& what, time_point now) {
  for (; !ends_.empty() && ends_.front().first <= now; ends_.pop_front()) {
    auto& [key, id] = ends_.front().second;
    // The key may have been freed and used again since.
    if (auto i = records_.find(key);
        i != records_.end() && i->second.what.push == id)
      records_.erase(i);
  }
  auto i = records_.find(what.key);
  if (i == records_.end())
    return std::nullopt;
  if (i->second.fingerprint != fingerprint_of(where, what))
    return caf::error{errc::key_reused};
  // How many nodes it went to is known from the start.
  if (i->second.under_way && what.want != level::routed)
    return caf::error{errc::under_way};
  return at_level(i->second.what, what.want);
}

void repeats::add(const push_address& where, const push& what,
                  const outcome& sent, time_point now) {
  records_[what.key]
    = {fingerprint_of(where, what), sent, !what.reply_to.empty()};
  ends_.emplace_back(now + key_time, std::pair{what.key, what.id});
}

void repeats::settle(const std::string& key, const outcome& what) {
  auto i = records_.find(key);
  if (i == records_.end() || i->second.what.push != what.push)
    return;
  if (is_nobody(what))
    records_.erase(i);
  else
    i->second = {i->second.fingerprint, what, false};
}

} // namespace waybill
