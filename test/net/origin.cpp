#define CAF_SUITE origin

#include "net/origin.hpp"

#include <caf/test/dsl.hpp>

using namespace waybill::net;

namespace {

bool is_allowed(std::string_view source, std::string_view host,
                std::initializer_list<std::string_view> allowed = {}) {
  std::vector<origin> origins;
  for (auto each : allowed)
    origins.push_back(origin::parse(each).value());
  return is_allowed_origin(source, host, origins);
}

} // namespace

CAF_TEST(a page may come back to its own host) {
  CAF_CHECK(is_allowed("http://example.com", "example.com"));
  CAF_CHECK(is_allowed("http://example.com:8080", "example.com:8080"));
  CAF_CHECK(is_allowed("http://Example.com", "example.COM:80"));
  CAF_CHECK(is_allowed("http://[::1]:8080", "[::1]:8080"));
  CAF_MESSAGE("behind a proxy that ends TLS");
  CAF_CHECK(is_allowed("https://example.com", "example.com"));
  CAF_CHECK(is_allowed("https://example.com", "example.com:8080"));
}

CAF_TEST(no other page may come) {
  CAF_CHECK(!is_allowed("http://evil.com", "example.com"));
  CAF_CHECK(!is_allowed("http://a.example.com", "example.com"));
  CAF_CHECK(!is_allowed("http://example.com.evil.com", "example.com"));
  CAF_CHECK(!is_allowed("null", "null"));
  CAF_CHECK(!is_allowed("", ""));
  CAF_CHECK(!is_allowed("http://a.example.com", "*.example.com"));
}

CAF_TEST(an origin is allowed with its scheme and port) {
  auto allowed = {std::string_view{"https://app.example.com"}};
  CAF_CHECK(is_allowed("https://app.example.com", "ws.com", allowed));
  CAF_CHECK(is_allowed("https://app.example.com:443", "ws.com", allowed));
  CAF_CHECK(!is_allowed("http://app.example.com", "ws.com", allowed));
  CAF_CHECK(!is_allowed("https://app.example.com:8443", "ws.com", allowed));
  CAF_CHECK(!is_allowed("https://b.app.example.com", "ws.com", allowed));
}

CAF_TEST(a star stands for one label or more) {
  auto allowed = {std::string_view{"https://*.example.com:8443"}};
  CAF_CHECK(is_allowed("https://a.example.com:8443", "ws.com", allowed));
  CAF_CHECK(is_allowed("https://a.b.example.com:8443", "ws.com", allowed));
  CAF_CHECK(!is_allowed("https://example.com:8443", "ws.com", allowed));
  CAF_CHECK(!is_allowed("https://.example.com:8443", "ws.com", allowed));
  CAF_CHECK(!is_allowed("https://evilexample.com:8443", "ws.com", allowed));
  CAF_CHECK(!is_allowed("https://a.example.com", "ws.com", allowed));
}

CAF_TEST(what is no origin is refused) {
  for (auto text :
       {"", "null", "example.com", "https://", "https://a/", "https://a/path",
        "https://a?b", "https://u@a", "https://a b", "https://a#b"}) {
    CAF_MESSAGE(text);
    CAF_CHECK(!origin::parse(text));
  }
}
