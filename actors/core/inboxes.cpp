#include "actors/core/inboxes.hpp"

#include <charconv>
#include <limits>

namespace waybill {

namespace {

/// Returns the number of an entry, or `fallback` if `entry` is empty.
uint64_t number_of(const std::string& entry, uint64_t fallback) {
  std::from_chars(entry.data(), entry.data() + entry.size(), fallback);
  return fallback;
}

} // namespace

std::optional<std::string> inboxes::append(const push_address& address,
                                           const push& push, time_point now) {
  expire(now);
  auto& found = boxes_[address.key()];
  if (!push.collapse.empty())
    supersede(found, push.collapse);
  if (found.size() >= limit_)
    return std::nullopt;
  auto number = ++entries_;
  auto expiry
    = expiries_.emplace(now + push.ttl, std::pair{address.key(), number});
  auto& added = found[number] = {push, expiry};
  added.push.entry = std::to_string(number);
  return added.push.entry;
}

inbox_page inboxes::read(const inbox_query& query, time_point now) const {
  inbox_page result;
  auto found = boxes_.find(query.address.key());
  if (found == boxes_.end())
    return result;
  auto& entries = found->second;
  auto last
    = number_of(query.upto, entries.empty() ? 0 : entries.rbegin()->first);
  result.upto = std::to_string(last);
  uint64_t size = 0;
  for (auto i = entries.upper_bound(number_of(query.after, 0));
       i != entries.end() && i->first <= last; ++i) {
    auto expiry = i->second.expiry->first;
    if (expiry <= now)
      continue;
    result.more = size >= query.max_bytes && !result.pushes.empty();
    if (result.more)
      break;
    using std::chrono::milliseconds;
    auto begin = expiry - i->second.push.ttl;
    result.age += std::chrono::floor<milliseconds>(now - begin);
    auto& added = result.pushes.emplace_back(i->second.push);
    // The receipt already says that the push is kept, so no report is due.
    added.want = receipt_level::routed;
    added.reply_to.clear();
    added.ttl = std::chrono::ceil<milliseconds>(expiry - now);
    size += added.body.size();
  }
  return result;
}

inbox_summary inboxes::summarize(const push_address& address, time_point now) {
  expire(now);
  auto found = boxes_.find(address.key());
  if (found == boxes_.end())
    return {};
  auto& oldest = found->second.begin()->second;
  auto left = oldest.expiry->first - now;
  return {found->second.size(), std::chrono::floor<std::chrono::milliseconds>(
                                  oldest.push.ttl - left)};
}

size_t inboxes::clear(const push_address& address, time_point now) {
  expire(now);
  auto found = boxes_.find(address.key());
  return found == boxes_.end() ? 0 : remove(found, found->second.end());
}

size_t inboxes::confirm(const push_address& address, const std::string& entry) {
  auto found = boxes_.find(address.key());
  return found == boxes_.end()
           ? 0
           : remove(found, found->second.upper_bound(number_of(entry, 0)));
}

size_t inboxes::remove(box_map::iterator from, box::iterator end) {
  auto& entries = from->second;
  size_t removed = 0;
  for (auto i = entries.begin(); i != end; i = entries.erase(i), ++removed)
    expiries_.erase(i->second.expiry);
  if (entries.empty())
    boxes_.erase(from);
  return removed;
}

void inboxes::supersede(box& from, const std::string& collapse) {
  std::erase_if(from, [&](auto& x) {
    auto is_older = x.second.push.collapse == collapse;
    if (is_older)
      expiries_.erase(x.second.expiry);
    return is_older;
  });
}

void inboxes::expire(time_point now) {
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
