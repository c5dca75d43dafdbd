#define CAF_SUITE tls

#include "redis/tls.hpp"

#include <filesystem>
#include <fstream>

#include <caf/sec.hpp>
#include <caf/test/dsl.hpp>

namespace tls_suite {

using namespace waybill::redis;

namespace {

/// A certificate that signs itself; its key is lost.
constexpr auto ca = R"(-----BEGIN CERTIFICATE-----
MIIBcTCCARegAwIBAgIUIuQVg/k2HboydJYlPkHlhBltY9IwCgYIKoZIzj0EAwIw
DTELMAkGA1UEAwwCQ0EwIBcNMjYxMTI3MTI0NDI0WhgPMjEyNjExMDMxMjQ0MjRa
MA0xCzAJBgNVBAMMAkNBMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAELVhqUsQf
XgB+lXkDixTH3PxDWikbR5BsE2Vm+VmTlaHMIGh6WILP/ErOlagm+cPveczO4Ncr
NE1wj3KHWo0P56NTMFEwHQYDVR0OBBYEFB08KwEEd/OLcuxW91ytoglG6YsRMB8G
A1UdIwQYMBaAFB08KwEEd/OLcuxW91ytoglG6YsRMA8GA1UdEwEB/wQFMAMBAf8w
CgYIKoZIzj0EAwIDSAAwRQIhAP56xGjkqIhCW5gSoAD5ZQL/LxogGqYNKj15ZbBb
/LyQAiAI9km5mifyfyER2Mj+081q9cpA7AU2K2nhvPp37noXsw==
-----END CERTIFICATE-----
)";

struct tls_fixture {
  tls_fixture() {
    char folder[] = "/tmp/waybill-tls-XXXXXX";
    if (!mkdtemp(folder))
      CAF_FAIL("mkdtemp");
    path = folder;
  }

  ~tls_fixture() { std::filesystem::remove_all(path); }

  /// Writes a file of certificates, and returns its name.
  std::string write(const std::string& bytes) const {
    auto result = path / "ca.pem";
    std::ofstream{result} << bytes;
    return result;
  }

  std::filesystem::path path;
  trust_ptr trust = unbox(make_trust(""));
  std::shared_ptr<SSL> session{SSL_new(trust->native_handle()), &SSL_free};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(tls_tests, tls_fixture)

CAF_TEST(each trust verifies its peers and speaks no old TLS) {
  for (auto& file : {std::string{}, write(ca)}) {
    auto made = make_trust(file);
    CAF_REQUIRE(made);
    auto context = (*made)->native_handle();
    CAF_CHECK_EQUAL(SSL_CTX_get_verify_mode(context), SSL_VERIFY_PEER);
    CAF_CHECK_EQUAL(SSL_CTX_get_min_proto_version(context), TLS1_2_VERSION);
  }
}

CAF_TEST(a file without certificates is no trust) {
  for (auto& file : {path / "missing", std::filesystem::path{write("")}}) {
    auto made = make_trust(file);
    CAF_REQUIRE(!made);
    CAF_CHECK(made.error() == caf::sec::invalid_argument);
  }
  auto truncated = make_trust(write(std::string{ca}.substr(0, 100)));
  CAF_CHECK(!truncated);
}

CAF_TEST(a name is expected of the server and told to it) {
  CAF_CHECK(expect_host(session.get(), "redis.example.com"));
  std::string told
    = SSL_get_servername(session.get(), TLSEXT_NAMETYPE_host_name);
  CAF_CHECK_EQUAL(told, "redis.example.com");
  std::string expected
    = X509_VERIFY_PARAM_get0_host(SSL_get0_param(session.get()), 0);
  CAF_CHECK_EQUAL(expected, "redis.example.com");
}

CAF_TEST(an IP address is expected of the server but not told) {
  for (std::string host : {"192.0.2.1", "2001:db8::1"}) {
    CAF_CHECK(expect_host(session.get(), host));
    CAF_CHECK(!SSL_get_servername(session.get(), TLSEXT_NAMETYPE_host_name));
    auto expected
      = X509_VERIFY_PARAM_get1_ip_asc(SSL_get0_param(session.get()));
    CAF_REQUIRE(expected);
    CAF_CHECK_EQUAL(std::string{expected}.empty(), false);
    OPENSSL_free(expected);
  }
}

CAF_TEST(no certificate can be for a name that is too long) {
  CAF_CHECK(!expect_host(session.get(), std::string(256, 'a')));
}

CAF_TEST(a certificate that is not valid is the reason of a failure) {
  auto refused = boost::system::errc::make_error_code(
    boost::system::errc::connection_refused);
  CAF_CHECK_EQUAL(failure_of(session.get(), refused),
                  "no TLS: " + refused.message());
  SSL_set_verify_result(session.get(), X509_V_ERR_CERT_HAS_EXPIRED);
  CAF_CHECK_EQUAL(failure_of(session.get(), refused),
                  "no TLS: certificate has expired");
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace tls_suite
