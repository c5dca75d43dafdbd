#pragma once

#include <memory>

#include <boost/asio/ssl/context.hpp>
#include <caf/expected.hpp>

#include "net/config.hpp"

namespace waybill::net {

/// What TLS on a port needs. Shared by all connections, and never changed.
using tls_ptr = std::shared_ptr<boost::asio::ssl::context>;

/// Prepares TLS 1.2 and 1.3 with ciphers of forward secrecy, which speak
/// HTTP/1.1 (ALPN, RFC 7301).
/// @returns `caf::sec::invalid_argument`, with the file and what is wrong with
///          it as its context.
caf::expected<tls_ptr> load_tls(const tls_files& files);

} // namespace waybill::net
