#pragma once

#include <string>
#include <string_view>

#include <caf/expected.hpp>

namespace waybill::redis {

/// Which Redis to use, and as whom.
struct server_url {
  /// A name or number, if `path` is empty.
  std::string host;
  std::string port = "6379";

  /// The path of a unix socket.
  std::string path;

  /// As `AUTH` takes them; an empty password means that none is sent.
  std::string user;
  std::string password;

  /// The number of the database, as `SELECT` takes it.
  std::string db = "0";

  /// Parses `redis://[[user]:password@]host[:port][/db]` or `unix://path`. User
  /// and password are percent-decoded.
  /// @returns `caf::sec::invalid_argument`, with what is wrong as its context.
  static caf::expected<server_url> parse(std::string_view text);
};

/// Prints a URL without its password.
std::string to_string(const server_url& x);

} // namespace waybill::redis
