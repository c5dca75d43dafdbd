#pragma once

#include <string>

#include "redis/pubsub_kind.hpp"

namespace waybill::redis {

/// A Lua script, which Redis executes atomically (`EVALSHA`).
struct script {
  explicit script(std::string text);

  std::string text;

  /// SHA-1 of the text in hexadecimal, the argument of `EVALSHA`.
  std::string sha;
};

/// The scripts of one kind of pub/sub. The keys of each are in one slot of a
/// Redis Cluster.
struct script_table {
  /// Tries the commands that are needed to read a mailbox, to store a push, and
  /// to claim an id, on keys that do not exist, so that nothing changes.
  ///
  /// KEYS: a mailbox, its expiry times, an idempotency key, an owner, topics of
  /// an id, a last value, none of which exists. ARGV: `all` to try each
  /// command, or `first` for the first one of each of the three functions.
  ///
  /// Returns for each function the first error, or an empty string.
  script check;

  /// Counts the nodes that hold an address and all nodes in the same step, and
  /// may publish a message again that no node received.
  ///
  /// KEYS: the channel of the address, which a former master of its slot
  /// rejects. ARGV: the channel that all nodes hold, and the message if there
  /// is one.
  ///
  /// Returns the number of subscribers of the first channel, and of the second.
  script count;

  /// Publishes a push once: stores it in a mailbox if it has a time to live, in
  /// place of the last one with the same `collapse`, or as the last value of
  /// its topic, and records its idempotency key if it has one.
  ///
  /// KEYS: the mailbox and its expiry times if the push has a time to live, the
  /// entry of its `collapse` if it has one, too, or the last value of the
  /// topic, the record of the idempotency key if it has one. ARGV: the channel,
  /// the message, the milliseconds for which it is kept or 0, the limit of the
  /// mailbox or an empty string for the last value of a topic, the channel that
  /// all nodes hold, and `1` for a push that replaces others or an empty
  /// string. A push with a key has six more: its fingerprint, its id, its
  /// receipt level, the channel of its node, the milliseconds for which it may
  /// be in flight, and those for which its key is kept. A slot that migrates
  /// would reject the channel as a key: it never exists.
  ///
  /// Returns `{"sent", nodes, present}`, where `present` is the number of
  /// subscribers of the last channel if no node received the push, and 0
  /// otherwise; or `{"full"}`; or, for a key that is in use, `{"other"}` if
  /// another push used it, `{"waiting"}`, or `{"recorded", id, level, kept,
  /// nodes}`, followed by the outcome if that is known.
  script push;

  /// Records the outcome of a push with an idempotency key.
  ///
  /// KEYS: the key. ARGV: the id of the push, and the outcome, or an empty
  /// string to free the key.
  script record;

  /// Reads a page of a mailbox, and removes expired entries from it if Redis
  /// accepts writes.
  ///
  /// KEYS: the mailbox, its expiry times. ARGV: the entry after which the page
  /// starts and the last entry to read, or empty strings, and the approximate
  /// size of the page in bytes: it has at least one push.
  ///
  /// Returns the last entry to read, 1 if there are more, then for each push
  /// its entry, its message, and its remaining time to live in milliseconds; or
  /// all its fields and -1, if it has no message or no expiry.
  script read;

  /// Stores a dead letter once for each time that it was published, however
  /// many nodes received it.
  ///
  /// KEYS: the dead letters, the number of times that each node received this
  /// one. ARGV: the name of the node, or an empty string for one that was not
  /// published; the milliseconds for which these numbers are kept; the
  /// approximate maximum number of dead letters; and the fields of this one.
  ///
  /// Returns 1, or 0 if it has been stored already.
  script dead_letter;

  /// Removes confirmed entries from a mailbox.
  ///
  /// KEYS: the mailbox, its expiry times. ARGV: the first entry that stays.
  ///
  /// Returns the number of entries removed.
  script confirm;

  /// Removes the expired entries of a mailbox, and summarizes the others.
  ///
  /// KEYS: the mailbox, its expiry times. ARGV: `1` to remove the others, too,
  /// or an empty string.
  ///
  /// Returns the number of the others, and the milliseconds for which the
  /// oldest of them has been kept, or 0.
  script summary;

  /// Publishes a query, and changes the kept data of its address: the topics of
  /// an id, or the last value of a topic.
  ///
  /// KEYS: the topics of the id, or the last value. ARGV: the channel, the
  /// message, the channel that all nodes hold, the topic or an empty string to
  /// remove the last value, and the milliseconds for which the topic is kept,
  /// or 0 to remove it.
  ///
  /// Returns the number of subscribers of the first channel, and of the second.
  script change;

  /// Makes a newer session the owner of an id.
  ///
  /// KEYS: the owner. ARGV: the channel; the message without the number of the
  /// claim, which is its last member.
  ///
  /// Returns the number of the claim: the current time in microseconds, or one
  /// more than the last claim if that is not older.
  script claim;
};

/// Returns the scripts for a kind of pub/sub.
const script_table& scripts_of(pubsub_kind kind);

} // namespace waybill::redis
