#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace waybill {

/// The largest ids, topics and queues of a node, each in descending order.
struct ranking {
  /// Maximum size of each list.
  static constexpr size_t max_size = 10;

  /// An id or a topic.
  struct address {
    std::string name;
    uint64_t sessions = 0;

    friend bool operator==(const address&, const address&) = default;
  };

  /// The send queue of a session.
  struct queue {
    /// The id of the session.
    std::string id;

    /// The address of the client, as its node sees it.
    std::string peer;
    uint64_t bytes = 0;

    friend bool operator==(const queue&, const queue&) = default;
  };

  std::vector<address> ids = {};
  std::vector<address> topics = {};
  std::vector<queue> queues = {};

  friend bool operator==(const ranking&, const ranking&) = default;
};

/// Adds an address to a list of the largest, unless that is full of larger
/// ones. Of equal ones the first by name is the larger.
void add_to(std::vector<ranking::address>& list, std::string_view name,
            uint64_t sessions);

} // namespace waybill
