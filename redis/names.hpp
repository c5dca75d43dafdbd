#pragma once

#include <string>
#include <string_view>

#include "actors/core/address.hpp"

namespace waybill::redis {

/// The names of all keys and channels in Redis that begin with the prefix.
///
/// The hash tag of an address is its key in braces, such as `{id:456}`: in a
/// Redis Cluster its channel and its keys share a slot. The tag begins with the
/// kind, so that it is never empty, whatever the id is.
class names {
public:
  /// @pre `prefix` contains no brace.
  explicit names(std::string prefix) : prefix_(std::move(prefix)) {
    // nop
  }

  // -- channels ---------------------------------------------------------------

  /// Returns the channel of an address.
  std::string channel_of(const push_address& address) const {
    return tagged("", address.key());
  }

  /// Returns the channel of a node.
  std::string channel_of_node(std::string_view node) const;

  /// Returns the channel that all nodes hold.
  std::string channel_of_nodes() const {
    return channel_of(push_address::nodes());
  }

  /// Returns the channel for messages of clients.
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
  static push_address unused_address() { return push_address::id("/"); }

private:
  /// Returns a name with a hash tag, such as `waybill:mail:{id:456}`.
  std::string tagged(std::string_view kind, std::string_view tag) const;

  std::string prefix_;
};

} // namespace waybill::redis
