#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "actors/core/sip_hash.hpp"

namespace waybill {

/// Last records of ids. A record has a member `id` for the hash of its id.
///
/// Records are overwritten in place, so that adding one allocates nothing. They
/// stand in buckets by the hash of the id, each of which is a ring: an id with
/// many records displaces those of the few ids in its bucket, not those of
/// all ids.
///
/// The hash stands for the id. Its key is secret, so two ids have the same one
/// only by chance, of 1 in 2^64.
template <class Record>
class recent_records {
public:
  /// @param buckets the number of buckets.
  /// @param depth the number of records of a bucket.
  explicit recent_records(size_t buckets = 128, size_t depth = 64)
      : depth_(depth), counts_(buckets) {
    // nop
  }

  /// Returns the position of a new record of `id`, which has the other members
  /// of the record that it displaces.
  size_t add(std::string_view id) {
    // Not before: a node that gets no pushes should not pay for them.
    if (records_.empty())
      records_.resize(counts_.size() * depth_);
    auto hash = sip_hash(key_, id);
    auto bucket = hash % counts_.size();
    auto result = bucket * depth_ + counts_[bucket]++ % depth_;
    records_[result].id = hash;
    return result;
  }

  /// @pre `position` is a result of `add`.
  Record& operator[](size_t position) { return records_[position]; }

  /// Calls `handle` with each record of `id`, the oldest first.
  template <class Handler>
  void for_each(std::string_view id, Handler handle) const {
    auto hash = sip_hash(key_, id);
    auto bucket = hash % counts_.size();
    auto count = counts_[bucket];
    for (auto i = count - std::min(count, depth_); i < count; ++i)
      if (auto& record = records_[bucket * depth_ + i % depth_];
          record.id == hash)
        handle(record);
  }

private:
  const sip_key key_ = make_sip_key();
  const size_t depth_;

  /// Number of records that were ever added to a bucket.
  std::vector<size_t> counts_;
  std::vector<Record> records_;
};

} // namespace waybill
