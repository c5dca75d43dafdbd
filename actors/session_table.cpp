#include "actors/session_table.hpp"

#include <algorithm>
#include <utility>

namespace waybill {

session_table::member& session_table::add(const session_actor& session,
                                          const std::string& peer,
                                          transport_kind transport) {
  auto& result = members_[session.id()];
  result.session = session;
  result.peer = peer;
  result.transport = transport;
  streams_ += is_stream(transport);
  return result;
}

void session_table::remove(caf::actor_id session) {
  auto found = members_.find(session);
  streams_ -= is_stream(found->second.transport);
  members_.erase(found);
}

push_addresses session_table::join(member& member,
                                   const push_addresses& addresses) {
  push_addresses result;
  member.joined.reserve(addresses.size());
  for (auto& address : addresses)
    if (join(member, address))
      result.push_back(address);
  return result;
}

bool session_table::join(member& member, const push_address& address) {
  auto [i, is_new] = entries_.try_emplace(address.key());
  if (i->second.sessions.emplace(member.session.id(), member.session).second) {
    i->second.named += waybill::is_named(member.transport);
    member.joined.push_back(address);
  }
  return is_new;
}

bool session_table::leave(member& member, const push_address& address) {
  return std::erase(member.joined, address) > 0 && release(member, address);
}

push_addresses session_table::give_up(member& member) {
  push_addresses result;
  for (auto& address : std::exchange(member.joined, {}))
    if (release(member, address))
      result.push_back(address);
  return result;
}

bool session_table::release(const member& member, const push_address& address) {
  auto i = entries_.find(address.key());
  i->second.sessions.erase(member.session.id());
  i->second.late.erase(member.session.id());
  i->second.draining -= member.draining;
  i->second.named -= waybill::is_named(member.transport);
  if (!i->second.sessions.empty())
    return false;
  auto is_held = !i->second.detached;
  entries_.erase(i);
  return is_held;
}

session_table::departure session_table::drain(const member& member) {
  departure result{sessions_of(id_of(member)), {}};
  for (auto& session : result.sessions) {
    auto& other = *find(session);
    other.draining = true;
    for (auto& address : other.joined)
      if (auto& entry = entries_.at(address.key());
          ++entry.draining == entry.sessions.size()
          && !std::exchange(entry.detached, true))
        result.last.push_back(address);
  }
  return result;
}

session_table::entry* session_table::find(const push_address& address) {
  auto i = entries_.find(address.key());
  return i == entries_.end() ? nullptr : &i->second;
}

session_table::member* session_table::find(caf::actor_id session) {
  auto i = members_.find(session);
  return i == members_.end() ? nullptr : &i->second;
}

std::vector<session_actor> session_table::sessions_of(const entry& entry) {
  std::vector<session_actor> result;
  for (auto& [id, session] : entry.sessions)
    result.push_back(session);
  return result;
}

bool session_table::is_reachable(const member& member) const {
  // Topics may belong to a part of the bus that is away, which should not keep
  // pushes to its id from the client.
  return !member.joined.empty()
         && std::all_of(member.joined.begin(), member.joined.end(),
                        [this](const push_address& address) {
                          auto& entry = entries_.at(address.key());
                          return entry.attached
                                 || (entry.away && !address.is_id());
                        });
}

size_t session_table::addresses() const {
  return entries_.size() - entries_.count(push_address::everyone().key())
         - entries_.count(push_address::nodes().key());
}

} // namespace waybill
