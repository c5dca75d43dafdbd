#pragma once

#include <memory>
#include <string>

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>
#include <caf/expected.hpp>

namespace waybill::redis {

/// The trusted CA certificates, shared by all connections.
using trust_ptr = std::shared_ptr<boost::asio::ssl::context>;

/// Loads the CA certificates of a PEM file, or the system's if `ca_file` is
/// empty.
/// @returns `caf::sec::invalid_argument`, with the reason as its context.
caf::expected<trust_ptr> make_trust(const std::string& ca_file);

/// Requires the server's certificate to match `host`, a name or an IP address,
/// and sends the name to the server (SNI, RFC 6066).
/// @returns whether OpenSSL accepted the host.
bool expect_host(SSL* session, const std::string& host);

/// Returns the reason why a handshake failed.
std::string failure_of(SSL* session, boost::system::error_code ec);

} // namespace waybill::redis
