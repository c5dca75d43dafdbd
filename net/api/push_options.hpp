#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "actors/core/push.hpp"
#include "net/http/response.hpp"

namespace waybill::net {

/// What a pusher asks for besides the push.
struct push_options {
  /// How far the answer waits, and for how long at most.
  receipt_level want = receipt_level::routed;
  std::chrono::milliseconds wait{5000};

  /// For how long the push is kept; 0: not at all.
  std::chrono::seconds ttl{0};
};

/// Parses the parameters of a push. What is unknown is refused, not ignored:
/// nobody must believe that they asked for more than they get.
/// @param may_keep says whether `ttl` is one of them.
std::variant<push_options, response>
parse_push_options(const std::map<std::string, std::string>& query,
                   bool may_keep);

/// A line of a batch.
struct batch_line {
  push_address address;
  std::string message;
  std::chrono::seconds ttl{0};
};

/// Parses `{"to":"456","message":"…","ttl":0}` and the like.
std::variant<batch_line, response> parse_line(std::string_view text);

/// Returns the lines of the body of a batch that are not blank.
std::vector<std::string_view> lines_of(std::string_view body);

} // namespace waybill::net
