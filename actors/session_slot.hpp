#pragma once

#include <memory>
#include <string>
#include <utility>

#include <caf/send.hpp>

#include "actors/interfaces.hpp"

namespace waybill {

/// Slot that is reserved for a session until it has joined, or has failed to.
/// The destructor releases it.
class session_slot {
public:
  session_slot(registry_actor registry, std::string id, std::string peer)
      : registry_(std::move(registry)), id_(std::move(id)),
        peer_(std::move(peer)) {
    // nop
  }

  session_slot(const session_slot&) = delete;

  ~session_slot() { caf::anon_send(registry_, leave_atom_v, id_, peer_); }

  const std::string& id() const noexcept { return id_; }

  /// Returns the address of the client, as used for the limit per peer.
  const std::string& peer() const noexcept { return peer_; }

private:
  const registry_actor registry_;
  const std::string id_;
  const std::string peer_;
};

using session_slot_ptr = std::shared_ptr<const session_slot>;

} // namespace waybill
