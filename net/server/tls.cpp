#include "net/server/tls.hpp"

#include <string>
#include <string_view>

#include <caf/sec.hpp>

namespace waybill::net {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

namespace {

/// Selects HTTP/1.1, and aborts the handshake if the client does not offer it.
int select_protocol(SSL*, const unsigned char** out, unsigned char* size,
                    const unsigned char* offered, unsigned offered_size,
                    void*) {
  static constexpr unsigned char ours[] = "\x08http/1.1";
  auto found
    = SSL_select_next_proto(const_cast<unsigned char**>(out), size, ours,
                            sizeof(ours) - 1, offered, offered_size);
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK
                                         : SSL_TLSEXT_ERR_ALERT_FATAL;
}

void set_up(SSL_CTX* handle) {
  SSL_CTX_set_min_proto_version(handle, TLS1_2_VERSION);
  // All ciphers of TLS 1.3 are acceptable.
  SSL_CTX_set_cipher_list(handle, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_options(handle, SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_alpn_select_cb(handle, select_protocol, nullptr);
  // Sessions are resumed by tickets, so the server needs no cache.
  SSL_CTX_set_session_cache_mode(handle, SSL_SESS_CACHE_OFF);
  // Without an id context, OpenSSL rejects tickets of clients with
  // certificates.
  constexpr std::string_view name = "waybill";
  SSL_CTX_set_session_id_context(
    handle, reinterpret_cast<const unsigned char*>(name.data()), name.size());
}

/// Requires client certificates that a CA in `file` has signed.
error_code ask_for_certificate(ssl::context& context, const std::string& file) {
  error_code ec;
  context.load_verify_file(file, ec);
  if (ec)
    return ec;
  // Announces the accepted CAs to clients.
  SSL_CTX_set_client_CA_list(context.native_handle(),
                             SSL_load_client_CA_file(file.c_str()));
  context.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  return ec;
}

/// Checks that the private key matches the certificate.
error_code check_key(SSL_CTX* handle) {
  if (SSL_CTX_check_private_key(handle) == 1)
    return {};
  return {static_cast<int>(ERR_get_error()),
          boost::asio::error::get_ssl_category()};
}

} // namespace

caf::expected<tls_ptr> load_tls(const tls_files& files) {
  auto result = std::make_shared<ssl::context>(ssl::context::tls_server);
  auto handle = result->native_handle();
  set_up(handle);
  auto wrong = [](const std::string& file, const error_code& ec) {
    return make_error(caf::sec::invalid_argument, file + ": " + ec.message());
  };
  error_code ec;
  result->use_certificate_chain_file(files.certificate, ec);
  if (ec)
    return wrong(files.certificate, ec);
  // Keeps OpenSSL from prompting for a password on the terminal.
  result->set_password_callback([](size_t, auto) { return std::string{}; }, ec);
  result->use_private_key_file(files.key, ssl::context::pem, ec);
  if (!ec)
    ec = check_key(handle);
  if (ec)
    return wrong(files.key, ec);
  if (!files.client_ca.empty())
    ec = ask_for_certificate(*result, files.client_ca);
  if (ec)
    return wrong(files.client_ca, ec);
  return result;
}

} // namespace waybill::net
