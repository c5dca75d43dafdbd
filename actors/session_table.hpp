#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "actors/interfaces.hpp"

namespace waybill {

/// Who is where: the sessions of a node, and the addresses that they have
/// joined.
class session_table {
public:
  /// All of a node may have joined one address and leave it at once, so one
  /// must be found without a look at the others.
  using session_map = std::unordered_map<caf::actor_id, session_actor>;

  /// An address that this node holds.
  struct entry {
    session_map sessions;

    /// Which request to attach this address is the current one.
    uint64_t attachment = 0;

    /// Set while the bus brings the pushes to this address.
    bool attached = false;

    /// Set while the bus cannot.
    bool away = false;

    /// Set once it has been asked to bring no more.
    bool detached = false;

    /// How many of its sessions are about to be closed because the node stops.
    size_t draining = 0;

    /// The number of the newest claim to this id that was heard of.
    uint64_t claim = 0;
  };

  struct member {
    session_actor session;

    /// The address of its client.
    std::string peer;

    /// Its addresses, the id first; none once it has given them up.
    push_addresses joined;

    /// Set while every node can reach it.
    bool reachable = false;

    /// The number of its claim to its id; 0 for none.
    uint64_t claim = 0;

    /// Set while it is being found out who owns the id.
    bool claiming = false;

    /// Set when that is known.
    bool claimed = false;

    /// Set once it is being closed because the node stops.
    bool draining = false;

    /// Set once it was told to drop its queue.
    bool cut_off = false;
  };

  /// Sessions that end together, and the addresses that nobody else has.
  struct departure {
    std::vector<session_actor> sessions;
    push_addresses last;
  };

  // -- who comes and goes -----------------------------------------------------

  /// Adds a session that has not joined anything yet.
  member& add(const session_actor& session, const std::string& peer);

  /// Has a session join addresses, the id first.
  /// @returns those of them that nobody had before.
  push_addresses join(member& member, const push_addresses& addresses);

  /// Takes a session out of its addresses.
  /// @returns those that nobody else has, and that the bus still brings.
  push_addresses give_up(member& member);

  void remove(caf::actor_id session) { members_.erase(session); }

  /// Marks all sessions of an id as ending, since they get the same pushes.
  /// @pre the one has joined an id, and is not ending yet.
  departure drain(const member& member);

  /// Returns an address that is held from now on, whoever joins it.
  entry& hold(const push_address& address) { return entries_[address.key()]; }

  // -- who is there -----------------------------------------------------------

  /// Returns what is known of an address, or null if it is not held.
  entry* find(const push_address& address);

  /// Returns what is known of a session, or null.
  member* find(caf::actor_id session);
  member* find(const session_actor& session) { return find(session.id()); }

  /// Returns what is known of the id of a session.
  /// @pre it has joined one.
  entry& id_of(const member& member) {
    return entries_.at(member.joined.front().key());
  }

  /// Returns the sessions of `what`, which may leave it while they are used.
  static std::vector<session_actor> sessions_of(const entry& entry);

  /// Tells whether every node can reach a session by what the bus brings.
  bool is_reachable(const member& member) const;

  std::unordered_map<std::string, entry>& entries() { return entries_; }

  const std::unordered_map<caf::actor_id, member>& members() const {
    return members_;
  }

  /// Returns how many ids and topics are held. Everybody answers to everyone,
  /// and each node to questions: that is no news.
  size_t addresses() const;

private:
  std::unordered_map<std::string, entry> entries_;
  std::unordered_map<caf::actor_id, member> members_;
};

} // namespace waybill
