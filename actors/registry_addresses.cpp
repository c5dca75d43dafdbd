// The registry: attaches and detaches addresses, and reads mailboxes.

#include "actors/registry.hpp"

#include <utility>
#include <vector>

namespace waybill {

void registry::attach_nodes() {
  auto address = push_address::nodes();
  attach_address(address, sessions_.hold(address));
}

void registry::attach_address(const push_address& address, entry& entry) {
  auto attachment = entry.attachment = ++attachments_;
  auto act = [this, address, attachment](bool attached, bool has_mail) {
    // The address may have been left, and even joined again, since.
    auto entry = sessions_.find(address);
    if (!entry || entry->attachment != attachment)
      return;
    entry->attached = attached;
    entry->away = !attached;
    if (attached)
      for (auto& handler : std::exchange(entry->on_attached, {}))
        handler();
    for (auto& session : session_table::sessions_of(*entry)) {
      auto& member = *sessions_.find(session);
      if (address.is_id())
        member.has_mail = has_mail;
      greet(member);
    }
  };
  request(bus_, caf::infinite, attach_atom_v, address, registry_actor{this})
    .then([act](bool has_mail) { act(true, has_mail); },
          [act](const caf::error& error) {
            if (error == errc::bus_away)
              act(false, true);
          });
}

void registry::when_attached(entry& entry, std::function<void()> handler) {
  if (entry.attached)
    handler();
  else
    entry.on_attached.push_back(std::move(handler));
}

void registry::detach_address(const push_address& address,
                              const std::function<void()>& handler) {
  // A bus that fails ends the node, but its sessions are still closed.
  request(bus_, caf::infinite, detach_atom_v, address, registry_actor{this})
    .then([handler](ok_atom) { handler(); },
          [handler](const caf::error&) { handler(); });
}

void registry::lose(const push_addresses& lost) {
  for (auto& address : lost) {
    auto entry = sessions_.find(address);
    if (!entry)
      continue;
    entry->attached = false;
    entry->away = true;
    entry->claim = 0;
    // Changes are missed, too; the bus sends them when it attaches the id.
    entry->kept_topics.clear();
    entry->value = nullptr;
    if (!address.is_id())
      continue;
    for (auto& [id, session] : entry->sessions) {
      auto& member = *sessions_.find(session);
      member.claimed = false;
      if (std::exchange(member.reachable, false))
        send(session, hold_atom_v);
    }
  }
}

void registry::confirm(const push_address& address, const std::string& entry) {
  send(bus_, confirm_atom_v, address, entry);
  std::vector<session_actor> streams;
  for (auto& session : sessions_at(address))
    if (is_stream(sessions_.find(session.id())->transport))
      streams.push_back(session);
  // A receipt must not count a client of which it is not known that it has read
  // the entry. The request does not tell several streams apart.
  if (streams.size() == 1)
    send(streams.front(), confirm_atom_v, entry);
}

registry::page_promise registry::read(const inbox_query& query) {
  // A promise takes over the sender, so its id is read first.
  auto session = current_sender()->id();
  auto result = make_response_promise<inbox_page>();
  read(session, query, result);
  return result;
}

void registry::read(caf::actor_id session, const inbox_query& query,
                    page_promise promise) {
  request(bus_, caf::infinite, read_atom_v, query)
    .then(
      [this, promise](inbox_page& page) mutable {
        counts_[metric::mailbox_read] += page.pushes.size();
        counts_[metric::mailbox_milliseconds]
          += static_cast<uint64_t>(page.age.count());
        promise.deliver(std::move(page));
      },
      [this, session, query, promise](const caf::error&) {
        if (sessions_.find(session))
          waiting_reads_[session] = {query, promise};
      });
}

void registry::on_ready() {
  for (auto& [key, held] : sessions_.entries())
    if (held.away && !held.detached)
      attach_address(push_address::from_key(key), held);
  for (auto& [session, waiting] : std::exchange(waiting_reads_, {}))
    read(session, waiting.query, waiting.promise);
  for (auto& [session, known] : sessions_.members())
    greet(*sessions_.find(session));
}

} // namespace waybill
