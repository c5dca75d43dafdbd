// The registry: the last values of topics.

#include "actors/registry.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

namespace waybill {

namespace {

/// Returns a time in whole milliseconds, at least one.
std::chrono::milliseconds left_until(caf::actor_clock::time_point end,
                                     caf::actor_clock::time_point now) {
  return std::chrono::ceil<std::chrono::milliseconds>(end - now);
}

} // namespace

void registry::keep_value(entry& entry, const push& push) {
  auto content = push;
  // Its receipt counts the sessions that it was pushed to.
  content.want = receipt_level::routed;
  content.reply_to.clear();
  entry.last_id = push.id;
  // All sessions of the topic get it now.
  entry.late.clear();
  entry.value = std::make_shared<const session_table::kept_value>(
    session_table::kept_value{std::move(content), clock().now() + push.retain});
}

void registry::forget_value(const push_address& address) {
  if (auto found = sessions_.find(address)) {
    found->value = nullptr;
    found->last_id.clear();
  }
}

void registry::on_joined(const push_address& topic,
                         const session_actor& session) {
  auto& entry = *sessions_.find(topic);
  if (entry.value)
    send_value(topic, entry, session);
  else if (!entry.last_id.empty())
    entry.late.insert(session.id());
}

void registry::on(const push_address& address, const last_value& value) {
  auto found = find_receiving(address);
  if (!found)
    return;
  // Sessions from before an outage have had the value, unless it has changed.
  auto is_known = value.content.id == found->last_id;
  auto late = found->late;
  keep_value(*found, value.content);
  for (auto& [id, session] : found->sessions)
    if (!is_known || late.contains(id))
      send_value(address, *found, session);
}

void registry::send_value(const push_address& address, entry& entry,
                          const session_actor& session) {
  auto now = clock().now();
  if (!entry.value || entry.value->end <= now)
    return;
  ++counts_[metric::deliveries];
  auto content = entry.value->content;
  if (content.fresh.count() > 0)
    content.fresh = std::min(content.fresh, left_until(entry.value->end, now));
  send(session, deliver_atom_v, address, std::move(content));
}

} // namespace waybill
