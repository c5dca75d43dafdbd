#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <caf/expected.hpp>

#include "redis/key_slot.hpp"
#include "redis/resp.hpp"

namespace waybill::redis {

/// The address of a server of a Redis Cluster.
struct endpoint {
  std::string host;
  std::string port;

  friend auto operator<=>(const endpoint&, const endpoint&) = default;
};

/// Returns `host:port`.
std::string to_string(const endpoint& x);

/// Parses `host:port`, as redirections have it.
/// @param asked the server that replied: an empty host is its host.
endpoint to_endpoint(std::string_view text, const endpoint& asked);

/// The masters of a Redis Cluster and their slots, as one server sees them.
class slot_table {
public:
  /// A master, and its slots.
  struct master {
    endpoint server;
    slot_set slots;

    friend bool operator==(const master&, const master&) = default;
  };

  /// Parses the reply to `CLUSTER SLOTS`.
  /// @param asked the server that replied: the host of one that it does not
  ///              name.
  /// @returns `caf::sec::invalid_argument`, with the reason as its context.
  static caf::expected<slot_table> parse(const reply& x, const endpoint& asked);

  /// Returns the masters that have slots, in the order of their addresses.
  const std::vector<master>& masters() const noexcept { return masters_; }

  /// Returns all servers, masters first: each can be asked for the table.
  std::vector<endpoint> servers() const;

  /// Returns whether a server is a replica.
  bool is_replica(const endpoint& server) const;

  /// Returns the master of a slot, or null.
  const master* at(uint16_t slot) const noexcept;

  /// Returns the number of slots that have a master.
  size_t covered() const noexcept;

  /// Makes a server the master of a slot.
  void assign(uint16_t slot, const endpoint& server);

  friend bool operator==(const slot_table& x, const slot_table& y) {
    return x.masters_ == y.masters_;
  }

private:
  /// Adds a master if it is unknown.
  master& add(const endpoint& server);

  std::vector<master> masters_;
  std::vector<endpoint> replicas_;
};

} // namespace waybill::redis
