// The registry: greets sessions, and decides which of them owns an id.

#include "actors/registry.hpp"

#include <algorithm>
#include <utility>

namespace waybill {

namespace {

const auto replaced = close_reason{close_code::replaced,
                                   "replaced by a newer session of your id"};

} // namespace

void registry::greet(member& member) {
  if (member.reachable || !sessions_.is_reachable(member))
    return;
  if (policy_ == same_id::newest && !member.claimed)
    return claim(member);
  member.reachable = true;
  send(member.session, greet_atom_v, member.has_mail);
}

void registry::claim(member& member) {
  if (std::exchange(member.claiming, true))
    return;
  auto act = [this, session = member.session](caf::expected<uint64_t> number) {
    auto found = sessions_.find(session);
    if (!found)
      return;
    found->claiming = false;
    // After an error, `on_ready` tries again.
    if (number)
      on_claim(*found, *number);
  };
  auto& address = member.joined.front();
  auto on_number = [act](uint64_t number) { act(number); };
  auto on_error = [act](caf::error& error) { act(std::move(error)); };
  if (member.claim == 0)
    request(bus_, caf::infinite, claim_atom_v, address)
      .then(on_number, on_error);
  else
    request(bus_, caf::infinite, get_atom_v, address).then(on_number, on_error);
}

void registry::on_claim(member& member, uint64_t number) {
  if (member.joined.empty())
    return;
  auto& entry = sessions_.id_of(member);
  if (member.claim == 0)
    member.claim = number;
  // A newer claim may have arrived before this one's own number.
  if (std::max(number, entry.claim) > member.claim)
    return retire(member, replaced);
  member.claimed = true;
  greet(member);
}

void registry::on(const push_address& address, const waybill::claim& claim) {
  auto found = sessions_.find(address);
  if (!found)
    return;
  auto number = claim.number;
  found->claim = std::max(found->claim, number);
  // A session older than the last outage of the bus counts as older than any
  // new claim, whatever the numbers: the bus may have lost its counter.
  retire_all(*found, replaced, [number](const member& x) {
    return x.claim != 0 && x.claim != number
           && (x.claim < number || !x.claimed);
  });
}

void registry::replace_others(const member& member) {
  retire_all(sessions_.id_of(member), replaced,
             [&](const session_table::member& x) { return &x != &member; });
}

} // namespace waybill
