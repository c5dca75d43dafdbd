#pragma once

#include <optional>
#include <string>
#include <vector>

#include "net/api/authorize.hpp"

namespace waybill::app {

/// The options for authentication and authorization, and the policy that
/// `check_access` loads from their files.
struct access_options {
  /// Set by `--auth jwt`.
  bool needs_token = false;
  std::vector<std::string> token_key_files;
  net::token_rules tokens;

  /// Empty if pushers need no key.
  std::string api_key_file;
  std::vector<net::origin> origins;

  net::access_policy_ptr loaded = nullptr;
};

/// Checks these options, and loads the policy from their files.
/// @returns an error message, or nothing on success.
std::optional<std::string> check_access(access_options& options);

} // namespace waybill::app
