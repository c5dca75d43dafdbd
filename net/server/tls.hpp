#pragma once

#include <memory>

#include <boost/asio/ssl/context.hpp>
#include <caf/expected.hpp>

#include "net/config.hpp"

namespace waybill::net {

/// The TLS context of a port. Immutable, and shared by all connections.
using tls_ptr = std::shared_ptr<boost::asio::ssl::context>;

/// Creates a context for TLS 1.2 and 1.3 with forward-secret ciphers and
/// HTTP/1.1 (ALPN, RFC 7301).
/// @returns `caf::sec::invalid_argument` with the file and its error as context
///          on failure.
caf::expected<tls_ptr> load_tls(const tls_files& files);

} // namespace waybill::net
