#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "actors/core/address.hpp"
#include "redis/key_slot.hpp"

namespace waybill::redis {

/// The names of all keys and channels in Redis that begin with the prefix.
///
/// The hash tag of an address is its key in braces, such as `{id:456}`: in a
/// Redis Cluster its channel and its keys share a slot. The tag begins with the
/// kind, so that it is never empty, whatever the id is.
class names {
public:
  /// @pre `prefix` contains no brace.
  explicit names(std::string prefix)
      : prefix_(std::move(prefix)), nodes_(channel_of(push_address::nodes())) {
    // nop
  }

  /// Sets the slots of the server, a master of a Redis Cluster. Each master has
  /// its own channels of nodes, and its own unused address: they have a number
  /// such that they are in one of its slots.
  void set_slots(const slot_set& slots);

  // -- channels ---------------------------------------------------------------

  /// Returns the channel of an address.
  std::string channel_of(const push_address& address) const {
    return tagged("", address.key());
  }

  /// Returns the channel of a node.
  std::string channel_of_node(const std::string& node) const;

  /// Returns whether this is the channel of a node.
  bool is_channel_of_node(std::string_view channel) const noexcept;

  /// Returns the channel that all nodes hold.
  const std::string& channel_of_nodes() const noexcept { return nodes_; }

  /// Returns whether this is a channel that all nodes hold.
  bool is_channel_of_nodes(std::string_view channel) const noexcept;

  /// Returns the channel for messages of clients, or the stream.
  std::string upstream() const { return prefix_ + ":upstream"; }

  // -- keys -------------------------------------------------------------------

  /// Returns the stream with the mailbox of an address.
  std::string inbox_of(const push_address& address) const {
    return tagged("mail:", address.key());
  }

  /// Returns the sorted set with the expiry times of a mailbox.
  std::string due_of(const push_address& address) const {
    return tagged("due:", address.key());
  }

  /// Returns the string with the last claim to an id.
  std::string owner_of(const push_address& address) const {
    return tagged("owner:", address.key());
  }

  /// Returns the string with the entry of the last push to an address with this
  /// `collapse`.
  std::string collapse_of(const push_address& address,
                          std::string_view collapse) const;

  /// Returns the string with the last value of a topic.
  std::string last_of(const push_address& address) const {
    return tagged("last:", address.key());
  }

  /// Returns the sorted set with the topics that are kept for an address, by
  /// the time at which they end.
  std::string topics_of(const push_address& address) const {
    return tagged("topics:", address.key());
  }

  /// Returns the hash with the outcome of a push under an Idempotency-Key.
  std::string once_of(const push_address& address, std::string_view key) const;

  /// Returns the stream of the dead letters.
  std::string dead_letters() const { return prefix_ + ":dead"; }

  /// Returns the hash, in the slot of the dead letters, with the number of
  /// times that each node received the one with this digest.
  std::string dead_letter_counts(const std::string& digest) const {
    return '{' + dead_letters() + "}:" + digest;
  }

  /// Returns an address that has no keys, as ids contain no slash.
  const push_address& unused_address() const noexcept { return unused_; }

  /// Makes another one the unused address, if there are slots.
  void change_unused_address();

private:
  /// Returns a tag with the smallest number, starting with `first`, that is in
  /// a slot of the server.
  std::string numbered(const std::string& tag, size_t first = 0) const;

  /// Returns a name with a hash tag, such as `waybill:mail:{id:456}`.
  std::string tagged(std::string_view kind, std::string_view tag) const;

  /// Returns a name that also has a key, such as `waybill:once:{id:456}:KEY`.
  std::string tagged(std::string_view kind, std::string_view tag,
                     std::string_view key) const;

  std::string prefix_;

  /// Empty without a Redis Cluster.
  slot_set slots_;
  std::string nodes_;
  push_address unused_ = push_address::id("/");
  size_t unused_number_ = 0;

  /// Channels of nodes, by name: to find one takes a while if there are few
  /// slots.
  mutable std::unordered_map<std::string, std::string> node_channels_;
};

} // namespace waybill::redis
