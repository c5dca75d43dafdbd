// The registry: delivers pushes, and reports and traces them.

#include "actors/registry.hpp"

#include <utility>
#include <variant>

namespace waybill {

namespace {

const auto kicked
  = close_reason{close_code::kicked, "closed by an administrator"};

} // namespace

void registry::deliver(const addressed_messages& messages) {
  for (auto& [address, message] : messages)
    std::visit([this, &address = address](auto& x) { on(address, x); },
               message);
}

registry::entry* registry::find_receiving(const push_address& address) {
  auto found = sessions_.find(address);
  // The bus sent this for an earlier subscription: it had not learned yet that
  // the address was left and joined again. After this, pushes may be missing.
  if (found && !found->attached && !found->away)
    return nullptr;
  return found;
}

void registry::on(const push_address& address, const push& push) {
  auto found = find_receiving(address);
  auto count = found ? found->sessions.size() : 0;
  if (!push.reply_to.empty())
    send(bus_, report_atom_v, address,
         report{push.id, push.reply_to, delivery_counts{1, count}});
  auto delivery = trace_delivery(address, push, count);
  if (count == 0)
    return;
  counts_[metric::deliveries] += count;
  if (push.retain.count() > 0)
    keep_value(*found, push);
  auto plain = is_plain(push);
  for (auto& [id, session] : found->sessions)
    if (plain && (found->named == 0 || !sessions_.is_named(id)))
      send(session, deliver_atom_v, push.body, delivery);
    else
      send(session, deliver_atom_v, address, push);
}

void registry::on(const push_address& address, const kick& kick) {
  auto reason = kicked;
  if (!kick.reason.empty())
    reason.text = kick.reason;
  if (auto found = sessions_.find(address))
    retire_all(*found, reason, [](const member&) { return true; });
}

uint64_t registry::trace_delivery(const push_address& address, const push& push,
                                  size_t count) {
  if (!address.is_id())
    return 0;
  // Without a session, a push with an id is still of interest: it was sent when
  // this node held the address. The open channel's pushes have no id and reach
  // nodes that never held it.
  if (count == 0 && push.id.empty())
    return 0;
  return delivery_log_.add(address.name(), push.id, count);
}

void registry::note(const member& member, trace_event::kind kind,
                    std::string text) {
  // A session without an address is being closed already.
  if (member.joined.empty())
    return;
  trace_.add({std::string{member.joined.front().name()},
              kind,
              trace_time(),
              {},
              0,
              member.peer,
              0,
              std::move(text)});
}

void registry::add_events(trace_events& events) {
  for (auto& event : events)
    trace_.add(std::move(event));
}

} // namespace waybill
