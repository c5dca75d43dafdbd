#include "actors/roster.hpp"

#include <algorithm>
#include <utility>

namespace waybill {

roster::member& roster::add(const session_actor& who, const std::string& peer) {
  auto& result = members_[who.id()];
  result.session = who;
  result.peer = peer;
  return result;
}

push_addresses roster::join(member& who, const push_addresses& addresses) {
  push_addresses result;
  who.joined = addresses;
  for (auto& where : addresses) {
    auto [i, is_new] = entries_.try_emplace(where.key());
    i->second.sessions.emplace(who.session.id(), who.session);
    if (is_new)
      result.push_back(where);
  }
  return result;
}

push_addresses roster::give_up(member& who) {
  push_addresses result;
  for (auto& where : std::exchange(who.joined, {})) {
    auto i = entries_.find(where.key());
    i->second.sessions.erase(who.session.id());
    i->second.draining -= who.draining;
    if (!i->second.sessions.empty())
      continue;
    if (!i->second.detached)
      result.push_back(where);
    entries_.erase(i);
  }
  return result;
}

roster::departure roster::drain(const member& who) {
  departure result{sessions_of(id_of(who)), {}};
  for (auto& session : result.sessions) {
    auto& each = *find(session);
    each.draining = true;
    for (auto& where : each.joined)
      if (auto& what = entries_.at(where.key());
          ++what.draining == what.sessions.size()
          && !std::exchange(what.detached, true))
        result.last.push_back(where);
  }
  return result;
}

roster::entry* roster::find(const push_address& where) {
  auto i = entries_.find(where.key());
  return i == entries_.end() ? nullptr : &i->second;
}

roster::member* roster::find(caf::actor_id who) {
  auto i = members_.find(who);
  return i == members_.end() ? nullptr : &i->second;
}

std::vector<session_actor> roster::sessions_of(const entry& what) {
  std::vector<session_actor> result;
  for (auto& [id, each] : what.sessions)
    result.push_back(each);
  return result;
}

bool roster::is_reachable(const member& who) const {
  // What is not an id may be carried by a part of the bus that is away, which
  // should not keep the client from its own pushes.
  return !who.joined.empty()
         && std::all_of(who.joined.begin(), who.joined.end(),
                        [this](const push_address& where) {
                          auto& what = entries_.at(where.key());
                          return what.attached || (what.away && !where.is_id());
                        });
}

size_t roster::addresses() const {
  return entries_.size() - entries_.count(push_address::everyone().key())
         - entries_.count(push_address::nodes().key());
}

} // namespace waybill
