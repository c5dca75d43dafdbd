#include "actors/mailbox.hpp"

#include <charconv>
#include <limits>

namespace waybill {

namespace {

/// Returns the number of an entry, or `otherwise` for none.
uint64_t number_of(const std::string& entry, uint64_t otherwise) {
  std::from_chars(entry.data(), entry.data() + entry.size(), otherwise);
  return otherwise;
}

} // namespace

std::optional<std::string> mailboxes::append(const push_address& where,
                                             const push& what, time_point now) {
  expire(now);
  auto& found = boxes_[where.key()];
  if (found.size() >= limit_)
    return std::nullopt;
  auto number = ++entries_;
  auto expiry
    = expiries_.emplace(now + what.ttl, std::pair{where.key(), number});
  auto& added = found[number] = {what, expiry};
  added.what.entry = std::to_string(number);
  return added.what.entry;
}

mailbox_page mailboxes::read(const mailbox_query& what, time_point now) const {
  mailbox_page result;
  auto found = boxes_.find(what.where.key());
  if (found == boxes_.end())
    return result;
  auto& entries = found->second;
  auto last
    = number_of(what.upto, entries.empty() ? 0 : entries.rbegin()->first);
  result.upto = std::to_string(last);
  uint64_t size = 0;
  for (auto i = entries.upper_bound(number_of(what.after, 0));
       i != entries.end() && i->first <= last; ++i) {
    auto expiry = i->second.expiry->first;
    if (expiry <= now)
      continue;
    result.more = size >= what.max_bytes && !result.pushes.empty();
    if (result.more)
      break;
    using std::chrono::milliseconds;
    auto begin = expiry - i->second.what.ttl;
    result.age += std::chrono::floor<milliseconds>(now - begin);
    auto& added = result.pushes.emplace_back(i->second.what);
    // Who waits for its receipt knows that it is kept.
    added.want = level::routed;
    added.reply_to.clear();
    added.ttl = std::chrono::ceil<milliseconds>(expiry - now);
    size += added.body.size();
  }
  return result;
}

size_t mailboxes::confirm(const push_address& where, const std::string& entry) {
  auto found = boxes_.find(where.key());
  if (found == boxes_.end())
    return 0;
  auto& entries = found->second;
  size_t removed = 0;
  auto last = entries.upper_bound(number_of(entry, 0));
  for (auto i = entries.begin(); i != last; i = entries.erase(i), ++removed)
    expiries_.erase(i->second.expiry);
  if (entries.empty())
    boxes_.erase(found);
  return removed;
}

void mailboxes::expire(time_point now) {
  while (!expiries_.empty() && expiries_.begin()->first <= now) {
    auto& [key, number] = expiries_.begin()->second;
    if (auto found = boxes_.find(key); found != boxes_.end()) {
      found->second.erase(number);
      if (found->second.empty())
        boxes_.erase(found);
    }
    expiries_.erase(expiries_.begin());
  }
}

} // namespace waybill
