#pragma once

#include <string>

namespace waybill::redis {

/// What Redis does in one step, in its own language (`EVAL`).
struct script {
  explicit script(std::string text);

  const std::string text;

  /// What `EVALSHA` calls it: its SHA-1, in hexadecimal.
  const std::string sha;
};

/// Tries the commands that are needed to read a mailbox, to keep a push, and to
/// claim an id, on keys that are not there, so that nothing changes.
///
/// KEYS: a mailbox, when its entries are due, the key of a push, an owner, none
/// of which exists. ARGV: `all` to try each command, or `first` for the first
/// one of each of the three.
///
/// Returns for each of the three the first error, or an empty string.
extern const script check_script;

/// Publishes a push to an address that nobody seemed to hold, and looks in the
/// same moment whether all nodes are there.
///
/// ARGV: the channel, the message, the channel that all nodes hold.
///
/// Returns how many nodes hold the first, and the second.
extern const script recount_script;

/// Publishes a push once: keeps it in a mailbox if it has a time to live, and
/// remembers its key if it has one.
///
/// KEYS: the mailbox, when its entries are due, the key. ARGV: the channel, the
/// message, its time to live in milliseconds or 0, the limit of the mailbox,
/// then of a push with a key the fingerprint, else an empty string; the push's
/// id, its level, the channel of its node, for how many milliseconds it may be
/// under way, and for how many its key stands for it; the channel that all
/// nodes hold.
///
/// Returns `{"sent", nodes, present}`, where the last says how many nodes hold
/// that channel, if the push reached nobody; `{"full"}` or, for a key that
/// stands for another push, `{"other"}`, `{"waiting"}`, or `{"recorded", id,
/// level, kept, nodes}` with the outcome behind it when that is known.
extern const script push_script;

/// Remembers what became of the push that a key stands for.
///
/// KEYS: the key. ARGV: the push's id, and the outcome, or an empty string to
/// free the key.
extern const script record_script;

/// Reads a part of a mailbox, and removes what has expired in it, if Redis
/// takes writes.
///
/// KEYS: the mailbox, when its entries are due. ARGV: the entry behind which it
/// starts and the last that is wanted, or empty strings, and about how many
/// bytes are wanted: one push is read in any case.
///
/// Returns the last entry that is wanted, 1 if there is more, then for each
/// push its entry, its message, and for how many milliseconds it has to live;
/// or all its fields and -1, where it has no message or no expiry.
extern const script read_script;

/// Moves an entry that cannot be read out of its mailbox.
///
/// KEYS: the mailbox, when its entries are due, the dead letters. ARGV: the
/// entry, about how many dead letters are kept, and the fields of this one.
///
/// Returns 1, or 0 if the entry has been removed already.
extern const script reject_script;

/// Keeps a dead letter, once for each time that it was published, however many
/// nodes have heard it.
///
/// KEYS: the dead letters, how often the nodes have heard this one. ARGV: the
/// name of the node, for how many milliseconds it is known, about how many dead
/// letters are kept, and the fields of this one.
///
/// Returns 1, or 0 if another node has kept it.
extern const script dead_letter_script;

/// Removes what has been confirmed in a mailbox.
///
/// KEYS: the mailbox, when its entries are due. ARGV: the first entry that
/// stays.
///
/// Returns how many were removed.
extern const script confirm_script;

/// Makes a newer session the owner of an id.
///
/// KEYS: the owner. ARGV: the channel; the message without the number of the
/// claim, which is its last member.
///
/// Returns that number, which is that of the microsecond unless the last claim
/// is newer.
extern const script claim_script;

} // namespace waybill::redis
