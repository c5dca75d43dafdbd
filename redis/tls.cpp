#include "redis/tls.hpp"

#include <caf/sec.hpp>

namespace waybill::redis {

namespace ssl = boost::asio::ssl;

caf::expected<trust_ptr> make_trust(const std::string& ca_file) {
  auto result = std::make_shared<ssl::context>(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(result->native_handle(), TLS1_2_VERSION);
  result->set_verify_mode(ssl::verify_peer);
  boost::system::error_code ec;
  if (ca_file.empty())
    result->set_default_verify_paths(ec);
  else
    result->load_verify_file(ca_file, ec);
  if (ec)
    return make_error(caf::sec::invalid_argument, ec.message());
  return result;
}

// Asio's host_name_verification does the same two checks, but its failures have
// no reason to log.
bool expect_host(SSL* session, const std::string& host) {
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host.c_str()))
    return true;
  return SSL_set1_host(session, host.c_str())
         && SSL_set_tlsext_host_name(session, host.c_str());
}

std::string failure_of(SSL* session, boost::system::error_code ec) {
  auto why = SSL_get_verify_result(session);
  return "no TLS: "
         + (why == X509_V_OK ? ec.message()
                             : X509_verify_cert_error_string(why));
}

} // namespace waybill::redis
