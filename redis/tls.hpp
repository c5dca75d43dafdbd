#pragma once

#include <memory>
#include <string>

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>
#include <caf/expected.hpp>

namespace waybill::redis {

/// Which certificates of servers are trusted. Shared by all connections.
using trust_ptr = std::shared_ptr<boost::asio::ssl::context>;

/// Trusts the CA certificates in a PEM file, or the system's if it has no name.
/// @returns `caf::sec::invalid_argument`, with what is wrong as its context.
caf::expected<trust_ptr> make_trust(const std::string& ca_file);

/// Demands of the server's certificate that it is for `host`, a name or an IP
/// address, and tells the server which name is wanted (SNI, RFC 6066).
/// @returns whether OpenSSL will check it.
bool expect_host(SSL* session, const std::string& host);

/// Says why a handshake failed.
std::string failure_of(SSL* session, boost::system::error_code ec);

} // namespace waybill::redis
