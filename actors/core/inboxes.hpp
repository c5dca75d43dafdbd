#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include <caf/actor_clock.hpp>

#include "actors/core/push.hpp"

namespace waybill {

/// The mailboxes of a node that is alone, in memory: what Redis Streams are to
/// a cluster, with the same behaviour.
class inboxes {
public:
  using time_point = caf::actor_clock::time_point;

  /// @param limit is how many entries a mailbox may hold.
  explicit inboxes(size_t limit) : limit_(limit) {
    // nop
  }

  /// Keeps a push for its `ttl`.
  /// @returns the name of its entry, or nothing if the mailbox is full.
  std::optional<std::string> append(const push_address& address,
                                    const push& push, time_point now);

  /// Reads a part of a mailbox; each push has the time that it has left.
  inbox_page read(const inbox_query& query, time_point now) const;

  /// Removes an entry and all before it.
  /// @returns how many those were.
  size_t confirm(const push_address& address, const std::string& entry);

  /// Returns how many entries there are.
  size_t size() const noexcept { return expiries_.size(); }

private:
  /// When each entry expires: the key of its address, and its number.
  using expiries = std::multimap<time_point, std::pair<std::string, uint64_t>>;

  struct item {
    waybill::push push;
    expiries::iterator expiry;
  };

  using box = std::map<uint64_t, item>;

  /// Removes what has expired.
  void expire(time_point now);

  const size_t limit_;
  uint64_t entries_ = 0;
  std::unordered_map<std::string, box> boxes_;
  expiries expiries_;
};

} // namespace waybill
