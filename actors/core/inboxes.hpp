#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include <caf/actor_clock.hpp>

#include "actors/core/push.hpp"

namespace waybill {

/// The mailboxes of a single node, in memory. They behave as the Redis Streams
/// of a cluster.
class inboxes {
public:
  using time_point = caf::actor_clock::time_point;

  /// @param limit the maximum number of entries of a mailbox.
  /// @param last the number before that of the first entry. Clients keep the
  ///             names of entries, so those of a later process must be greater.
  explicit inboxes(size_t limit, uint64_t last = 0)
      : limit_(limit), entries_(last) {
    // nop
  }

  /// Keeps a push for its `ttl`, in place of those with the same `collapse`.
  /// @returns the name of its entry, or nothing if the mailbox is full.
  std::optional<std::string> append(const push_address& address,
                                    const push& push, time_point now);

  /// Reads a page of a mailbox; the `ttl` of each push is its remaining time.
  inbox_page read(const inbox_query& query, time_point now) const;

  inbox_summary summarize(const push_address& address, time_point now);

  /// Removes all entries of a mailbox.
  /// @returns their number.
  size_t clear(const push_address& address, time_point now);

  /// Removes an entry and all before it.
  /// @returns the number of removed entries.
  size_t confirm(const push_address& address, const std::string& entry);

  /// Returns the number of entries in all mailboxes.
  size_t size() const noexcept { return expiries_.size(); }

private:
  /// Address key and number of each entry, by expiry.
  using expiries = std::multimap<time_point, std::pair<std::string, uint64_t>>;

  struct item {
    waybill::push push;
    expiries::iterator expiry;
  };

  using box = std::map<uint64_t, item>;
  using box_map = std::unordered_map<std::string, box>;

  /// Removes the entries of a mailbox before `end`.
  /// @returns their number.
  size_t remove(box_map::iterator from, box::iterator end);

  /// Removes the entries with the same `collapse`.
  void supersede(box& from, const std::string& collapse);

  /// Removes expired entries.
  void expire(time_point now);

  const size_t limit_;
  uint64_t entries_;
  box_map boxes_;
  expiries expiries_;
};

} // namespace waybill
