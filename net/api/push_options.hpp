#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "net/api/request.hpp"
#include "net/http/response.hpp"

namespace waybill::net {

/// Parses the parameters of a push. Rejects unknown ones, so that a typing
/// error cannot weaken a push unnoticed.
/// @param address determines the parameters that are allowed.
std::variant<push_options, response>
parse_push_options(const std::map<std::string, std::string>& query,
                   const push_address& address);

/// Parses a `ttl`, in seconds up to `longest_ttl`.
std::optional<std::chrono::seconds> parse_ttl(std::string_view text);

/// A line of a batch.
struct batch_line {
  push_address address;
  std::string message;

  /// The options of this line; `want` and `wait` are those of the batch.
  push_options options = {};
};

/// Parses a line such as `{"to":"456","message":"…","ttl":0}`.
std::variant<batch_line, response> parse_line(std::string_view text);

/// Returns the non-blank lines of a batch.
std::vector<std::string_view> lines_of(std::string_view body);

} // namespace waybill::net
