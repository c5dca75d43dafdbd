#include "actors/core/admission.hpp"

#include <algorithm>
#include <cmath>

namespace waybill {

std::optional<errc> admission::take(const std::string& id,
                                    const std::string& peer, size_t sessions,
                                    size_t of_id) {
  auto is_full
    = [](size_t limit, size_t count) { return limit > 0 && count >= limit; };
  if (is_full(limits_.in_total, sessions + taken_))
    return errc::node_full;
  if (is_full(limits_.per_id, of_id + at(taken_of_id_, id)))
    return errc::id_full;
  if (is_full(limits_.per_peer, at(of_peer_, peer)))
    return errc::peer_full;
  ++taken_;
  ++taken_of_id_[id];
  joined(peer);
  return std::nullopt;
}

void admission::give_back(const std::string& id, const std::string& peer) {
  --taken_;
  subtract(taken_of_id_, id);
  left(peer);
}

uint64_t admission::headroom(size_t sessions, double opened) const {
  // Both limits are at most that.
  constexpr uint64_t most = 1'000'000;
  auto left = [](size_t limit, uint64_t used) {
    return limit == 0 ? most : limit - std::min<uint64_t>(limit, used);
  };
  return std::min(
    left(limits_.in_total, sessions + taken_),
    left(limits_.per_second, static_cast<uint64_t>(std::llround(opened))));
}

void admission::joined(const std::string& peer) {
  if (limits_.per_peer > 0)
    ++of_peer_[peer];
}

void admission::left(const std::string& peer) {
  if (limits_.per_peer > 0)
    subtract(of_peer_, peer);
}

size_t admission::at(const numbers& from, const std::string& key) {
  auto i = from.find(key);
  return i == from.end() ? 0 : i->second;
}

void admission::subtract(numbers& from, const std::string& key) {
  if (auto i = from.find(key); i != from.end() && --i->second == 0)
    from.erase(i);
}

} // namespace waybill
