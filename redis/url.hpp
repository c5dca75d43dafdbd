#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <caf/expected.hpp>

#include "redis/tls.hpp"

namespace waybill::redis {

/// Which Redis to use, and as whom.
struct server_url {
  /// A name or number, if `path` and `sentinels` are empty.
  std::string host;
  std::string port = "6379";

  /// The path of a unix socket.
  std::string path;

  /// As `AUTH` takes them; an empty password means that none is sent.
  std::string user;
  std::string password;

  /// The number of the database, as `SELECT` takes it; if empty, none is
  /// selected.
  std::string db = "0";

  /// Whether to speak TLS, and whom to trust then, which no URL says.
  bool tls = false;
  trust_ptr trust;

  /// Who knows host and port of the master, and by what name.
  std::vector<server_url> sentinels;
  std::string master;

  /// What the server must answer to `ROLE`; if empty, it is not asked.
  std::string role;

  /// Parses `redis://[[user]:password@]host[:port][/db]`, the same with
  /// `rediss://` for TLS, `unix://path`, or
  /// `redis+sentinel://[[user]:password@]host[:port],…/master[/db]`, where user
  /// and password are those of the master. They are percent-decoded.
  /// @returns `caf::sec::invalid_argument`, with what is wrong as its context.
  static caf::expected<server_url> parse(std::string_view text);
};

/// Prints a URL without its password.
std::string to_string(const server_url& x);

} // namespace waybill::redis
