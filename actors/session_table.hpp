#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <caf/actor_clock.hpp>

#include "actors/interfaces.hpp"

namespace waybill {

/// The sessions of a node, and the addresses that they have joined.
class session_table {
public:
  /// Keyed by actor: all sessions of a node may leave one address at once, so
  /// each must be found in constant time.
  using session_map = std::unordered_map<caf::actor_id, session_actor>;

  /// The last value of a topic.
  struct kept_value {
    push content;
    caf::actor_clock::time_point end;
  };

  /// An address that this node holds.
  struct entry {
    session_map sessions;

    /// Number of the current request to attach this address.
    uint64_t attachment = 0;

    /// Set while the bus delivers pushes to this address.
    bool attached = false;

    /// Set while the bus is away for this address.
    bool away = false;

    /// Set once the address is being detached.
    bool detached = false;

    /// Number of its sessions that are draining.
    size_t draining = 0;

    /// Number of its sessions whose clients get pushes with their names.
    size_t named = 0;

    /// Number of the newest known claim to this id.
    uint64_t claim = 0;

    /// Topics that later sessions of this id join, by name, and when that ends.
    std::map<std::string, caf::actor_clock::time_point> kept_topics;

    /// The last value of this topic; null if there is none or it may be
    /// outdated.
    std::shared_ptr<const kept_value> value;

    /// The id of the last value that its sessions have got.
    std::string last_id;

    /// Sessions that have not got that value: they joined while it was not
    /// known whether it is outdated.
    std::unordered_set<caf::actor_id> late;

    /// Called when the bus delivers pushes to this address.
    std::vector<std::function<void()>> on_attached;
  };

  /// A session of this node.
  struct member {
    session_actor session;

    /// The address of its client.
    std::string peer;

    transport_kind transport = transport_kind::websocket;

    /// Its addresses, the id first; empty once it has given them up.
    push_addresses joined;

    /// Set while every node can reach the session.
    bool reachable = false;

    /// False if the mailbox of its id was empty when the id was attached: the
    /// session gets all later pushes live.
    bool has_mail = true;

    /// Number of its claim to its id; 0 for none.
    uint64_t claim = 0;

    /// Set while the owner of the id is being determined.
    bool claiming = false;

    /// Set while the session is known to own its id.
    bool claimed = false;

    /// Set once the session is being closed because the node stops.
    bool draining = false;

    /// Set once the session was closed because of its queue.
    bool cut_off = false;
  };

  /// Sessions that end together, and the addresses that no other session has.
  struct departure {
    std::vector<session_actor> sessions;
    push_addresses last;
  };

  // -- modifiers --------------------------------------------------------------

  /// Adds a session without addresses.
  member& add(const session_actor& session, const std::string& peer,
              transport_kind transport = transport_kind::websocket);

  /// Adds a session to addresses, the id first.
  /// @returns the addresses that are new to this node.
  push_addresses join(member& member, const push_addresses& addresses);

  /// Adds a session to an address, unless it has joined it.
  /// @returns whether the address is new to this node.
  bool join(member& member, const push_address& address);

  /// Removes a session from an address, if it has joined it.
  /// @returns whether the address has no session left and is to be detached.
  bool leave(member& member, const push_address& address);

  /// Removes a session from its addresses.
  /// @returns the addresses that have no session left and are to be detached.
  push_addresses give_up(member& member);

  /// Removes a session that has given up its addresses.
  /// @pre `find(session)`
  void remove(caf::actor_id session);

  /// Marks all sessions of an id as draining, since they get the same pushes.
  /// @pre `!member.joined.empty() && !member.draining`
  departure drain(const member& member);

  /// Adds an address that is held whether or not a session joins it.
  entry& hold(const push_address& address) { return entries_[address.key()]; }

  // -- observers --------------------------------------------------------------

  /// Returns the entry of an address, or null if it is not held.
  entry* find(const push_address& address);

  /// Returns the data of a session, or null if it is unknown.
  member* find(caf::actor_id session);
  member* find(const session_actor& session) { return find(session.id()); }

  /// Returns the entry of the id of a session.
  /// @pre `!member.joined.empty()`
  entry& id_of(const member& member) {
    return entries_.at(member.joined.front().key());
  }

  /// Returns a copy of the sessions of `entry`, for loops that may remove some.
  static std::vector<session_actor> sessions_of(const entry& entry);

  /// Returns whether every node can reach a session.
  bool is_reachable(const member& member) const;

  std::unordered_map<std::string, entry>& entries() { return entries_; }

  const std::unordered_map<caf::actor_id, member>& members() const {
    return members_;
  }

  /// Returns whether the client of a session gets pushes with their names.
  /// @pre `find(session)`
  bool is_named(caf::actor_id session) const {
    return waybill::is_named(members_.at(session).transport);
  }

  /// Returns the number of sessions on event streams.
  size_t streams() const noexcept { return streams_; }

  /// Returns the number of ids and topics that are held. The broadcast and node
  /// addresses are held by every node, so they are not counted.
  size_t addresses() const;

private:
  /// Removes a session from the entry of an address that it has joined.
  /// @returns whether the address has no session left and is to be detached.
  bool release(const member& member, const push_address& address);

  std::unordered_map<std::string, entry> entries_;
  std::unordered_map<caf::actor_id, member> members_;
  size_t streams_ = 0;
};

} // namespace waybill
