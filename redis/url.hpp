#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <caf/expected.hpp>

#include "redis/tls.hpp"

namespace waybill::redis {

/// The URL of a Redis server, and the login for it.
struct server_url {
  /// A host name or IP address, if `path`, `sentinels` and `seeds` are empty.
  std::string host;
  std::string port = "6379";

  /// The path of a unix socket.
  std::string path;

  /// Arguments of `AUTH`, which is not sent if the password is empty.
  std::string user;
  std::string password;

  /// Number of the database, the argument of `SELECT`, which is not sent if
  /// this is empty.
  std::string db = "0";

  /// Set to use TLS, with these CA certificates, which are not part of the URL.
  bool tls = false;
  trust_ptr trust;

  /// The Sentinels that know the master, and its name there.
  std::vector<server_url> sentinels;
  std::string master;

  /// Servers of a Redis Cluster, each with the same login.
  std::vector<server_url> seeds;

  /// Required reply to `ROLE`, which is not sent if this is empty.
  std::string role;

  /// Parses `redis://[[user]:password@]host[:port][/db]`, the same with
  /// `rediss://` for TLS, `unix://path`,
  /// `redis+sentinel://[[user]:password@]host[:port],…/master[/db]`, where user
  /// and password are those of the master, or
  /// `redis+cluster://[[user]:password@]host[:port],…`, which has no database,
  /// and the same with `rediss+cluster://`. User and password are
  /// percent-decoded.
  /// @returns `caf::sec::invalid_argument`, with the reason as its context.
  static caf::expected<server_url> parse(std::string_view text);
};

/// Returns a URL without its password.
std::string to_string(const server_url& x);

} // namespace waybill::redis
