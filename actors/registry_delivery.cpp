// The registry: delivers pushes, reports on them, and answers queries.

#include "actors/registry.hpp"

#include <memory>
#include <utility>

namespace waybill {

namespace {

const auto kicked
  = close_reason{close_code::kicked, "closed by an administrator"};

} // namespace

void registry::deliver(const push_address& address, const push& push) {
  if (address == push_address::nodes())
    return answer_query(address, push);
  auto found = sessions_.find(address);
  auto count = found ? found->sessions.size() : 0;
  report_sessions(address, push, count);
  auto delivery = trace_delivery(address, push, count);
  if (count == 0)
    return;
  switch (push.type) {
  case push::kind::kick:
    return retire_all(*found, kicked, [](const member&) { return true; });
  case push::kind::claim:
    return on_claimed(*found, push.claim);
  case push::kind::inspect:
    break;
  case push::kind::trace:
  case push::kind::metrics:
    // Only nodes answer these.
    return;
  case push::kind::message:
    counts_["deliveries"] += count;
  }
  auto is_plain = push.type == push::kind::message && push.reply_to.empty()
                  && push.entry.empty();
  for (auto& [id, session] : found->sessions)
    if (is_plain)
      send(session, deliver_atom_v, push.body, delivery);
    else
      send(session, deliver_atom_v, address, push);
}

void registry::report_sessions(const push_address& address, const push& push,
                               size_t count) {
  if (push.reply_to.empty())
    return;
  report result{push.id, push.reply_to};
  result.counts.nodes = 1;
  result.counts.sessions = count;
  send(bus_, report_atom_v, address, std::move(result));
}

uint64_t registry::trace_delivery(const push_address& address, const push& push,
                                  size_t count) {
  if (push.type != push::kind::message || !address.is_id())
    return 0;
  // Without a session, a push with an id is still of interest: it was sent when
  // this node held the address. The open channel's pushes have no id and reach
  // nodes that never held it.
  if (count == 0 && push.id.empty())
    return 0;
  auto result = ++deliveries_;
  trace_.add({std::string{address.name()},
              trace_event::kind::delivered,
              trace_time(),
              push.id,
              result,
              {},
              count});
  return result;
}

void registry::answer_query(const push_address& address, const push& push) {
  report result{push.id, push.reply_to};
  result.counts.nodes = 1;
  if (push.type == push::kind::metrics)
    report_metrics(address, std::move(result));
  else if (push.type == push::kind::trace)
    report_trace(address, std::string{push.body.bytes()}, std::move(result));
}

void registry::report_metrics(const push_address& address, report result) {
  request(bus_, caf::infinite, get_atom_v)
    .then(
      [this, address, result = std::move(result)](counters& of_bus) mutable {
        result.metrics = {version_, metrics()};
        result.metrics.values.merge(of_bus);
        send(bus_, report_atom_v, address, std::move(result));
      });
}

void registry::report_trace(const push_address& address, const std::string& id,
                            report result) {
  struct gathered {
    trace_events all;
    size_t missing = 1;
  };
  auto found = std::make_shared<gathered>();
  auto take
    = [this, address, result, id, found](const trace_events& part) mutable {
        found->all.insert(found->all.end(), part.begin(), part.end());
        if (--found->missing > 0)
          return;
        result.trace = trace_.of(id, std::move(found->all));
        send(bus_, report_atom_v, address, std::move(result));
      };
  if (auto entry = sessions_.find(push_address::id(id)))
    for (auto& [number, session] : entry->sessions) {
      ++found->missing;
      request(session, caf::infinite, trace_atom_v)
        .then([take](const trace_events& part) mutable { take(part); },
              [take](const caf::error&) mutable { take({}); });
    }
  take({});
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
