#pragma once

#include <optional>
#include <string>
#include <vector>

#include "net/api/authorize.hpp"

namespace waybill::app {

/// Where the rules stand of who may do what, and what was read there at the
/// start.
struct access_options {
  /// `--auth jwt`: clients need a token.
  bool needs_token = false;
  std::vector<std::string> token_key_files;
  net::token_rules tokens;

  /// Names no file if pushers need no key.
  std::string api_key_file;
  std::vector<net::origin> origins;

  net::access_policy_ptr loaded = nullptr;
};

/// Checks these options, and reads what they need.
/// @returns what is to be done about what is wrong.
std::optional<std::string> check_access(access_options& options);

} // namespace waybill::app
