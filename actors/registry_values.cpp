// The registry: the last values of topics.

#include "actors/registry.hpp"

#include <memory>
#include <utility>

namespace waybill {

void registry::keep_value(entry& entry, const push& push) {
  auto content = push;
  // Its receipt counts the sessions that it was pushed to.
  content.want = receipt_level::routed;
  content.reply_to.clear();
  entry.last_id = push.id;
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
  if (entry.attached)
    send_value(topic, entry, session);
  else
    entry.late.insert(session.id());
}

void registry::on(const push_address& address, const last_value& value) {
  auto found = sessions_.find(address);
  if (!found)
    return;
  // Sessions from before an outage have had the value, unless it has changed.
  auto is_known = value.content.id == found->last_id;
  keep_value(*found, value.content);
  for (auto& [id, session] : found->sessions)
    if (!is_known || found->late.contains(id))
      send_value(address, *found, session);
}

void registry::send_value(const push_address& address, entry& entry,
                          const session_actor& session) {
  if (!entry.value || entry.value->end <= clock().now())
    return;
  ++counts_[metric::deliveries];
  send(session, deliver_atom_v, address, entry.value->content);
}

} // namespace waybill
