#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "net/access.hpp"

namespace waybill::app {

/// Where the rules stand of who may do what.
struct access_options {
  /// `--auth jwt`: clients need a token.
  bool needs_token = false;
  std::vector<std::string> token_key_files;
  net::token_rules tokens;

  /// Names no file if pushers need no key.
  std::string api_key_file;
  std::vector<net::origin> origins;
};

/// Reads a whole file.
/// @returns nothing if it cannot be read.
std::optional<std::string> read_file(const std::string& name);

/// Reads the files that `options` names.
/// @returns what is wrong with them instead of rules.
std::variant<net::access_ptr, std::string>
load_access(const access_options& options);

} // namespace waybill::app
