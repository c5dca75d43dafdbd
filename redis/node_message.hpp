#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <caf/expected.hpp>

#include "redis/codec.hpp"

namespace waybill::redis {

/// A message on the channel of a node.
struct node_message {
  /// The sender, and its reports for the receiving node.
  std::string node;
  std::vector<report> reports = {};

  /// A push to settle for `node`, if any.
  std::string probe = {};
};

/// Encodes a message between nodes as a map: `"kind"` is `"reports"`, with a
/// list of maps whose members are neither 0 nor empty; or `"probe"`, with a
/// `"push"`. A report that answers a query counts one of `"nodes"`.
std::string encode(const node_message& message);

/// Decodes a message between nodes, with the tolerance of `decode`.
caf::expected<node_message> decode_node_message(std::string_view bytes);

} // namespace waybill::redis
