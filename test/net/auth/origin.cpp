#define CAF_SUITE origin

#include "net/auth/origin.hpp"

#include <caf/test/dsl.hpp>

namespace origin_suite {

using namespace waybill::net;

namespace {

bool is_allowed(std::string_view source, std::string_view host,
                std::initializer_list<std::string_view> allowed = {}) {
  std::vector<origin> origins;
  for (auto text : allowed)
    origins.push_back(origin::parse(text).value());
  return is_allowed_origin(source, host, origins);
}

} // namespace

CAF_TEST(a page may connect to its own host) {
  CAF_CHECK(is_allowed("http://example.com", "example.com"));
  CAF_CHECK(is_allowed("http://example.com:8080", "example.com:8080"));
  CAF_CHECK(is_allowed("http://Example.com", "example.COM:80"));
  CAF_CHECK(is_allowed("http://[::1]:8080", "[::1]:8080"));
  CAF_MESSAGE("behind a proxy that terminates TLS");
  CAF_CHECK(is_allowed("https://example.com", "example.com"));
  CAF_CHECK(is_allowed("https://example.com", "example.com:8080"));
}

CAF_TEST(other pages are refused) {
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

CAF_TEST(an invalid origin is refused) {
  for (auto text :
       {"", "example.com", "https://", "https://a/", "https://a/path",
        "https://a?b", "https://u@a", "https://a b", "https://a#b", "file:///a",
        "https://a:1:*", "https://*:*:*", "Null"}) {
    CAF_MESSAGE(text);
    CAF_CHECK(!origin::parse(text));
  }
}

CAF_TEST(any origin that clients send can be allowed) {
  for (auto text : {"null", "file://", "weapp://wechat-game-runtime",
                    "capacitor://localhost", "ionic://localhost",
                    "app://obsidian.md", "tauri://localhost",
                    "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
                    "moz-extension://5c0eb6ee-7f4b-4b5e-8b3a-0a4ee1a1c3f2",
                    "http://my_app.test", "https://xn--bcher-kva.example"}) {
    CAF_MESSAGE(text);
    CAF_CHECK(is_allowed(text, "ws.com", {text}));
    CAF_CHECK(!is_allowed(text, "ws.com"));
    CAF_CHECK(!is_allowed("http://evil.com", "ws.com", {text}));
  }
  CAF_MESSAGE("null and files are refused by default");
  CAF_CHECK(!is_allowed("null", "null", {"file://"}));
  CAF_CHECK(!is_allowed("file://", "", {"null"}));
}

CAF_TEST(a port may be any) {
  for (auto port : {"", ":80", ":3000"})
    CAF_CHECK(is_allowed("http://dev.test" + std::string{port}, "ws.com",
                         {"http://dev.test:*"}));
  CAF_CHECK(!is_allowed("https://dev.test", "ws.com", {"http://dev.test:*"}));
  CAF_CHECK(is_allowed("http://[::2]:1", "ws.com", {"http://[::2]:*"}));
}

CAF_TEST(this machine is one host under all its names) {
  for (auto source : {"http://localhost:3000", "http://127.0.0.1",
                      "http://127.1.2.3:5173", "http://[::1]:8080"})
    for (auto host : {"localhost:8080", "127.0.0.1:8080", "[::1]:8080"})
      CAF_CHECK(is_allowed(source, host));
  CAF_CHECK(!is_allowed("http://localhost:3000", "example.com"));
  CAF_CHECK(!is_allowed("http://example.com", "localhost:8080"));
  CAF_CHECK(!is_allowed("http://localhost.evil.com", "localhost"));
  CAF_CHECK(!is_allowed("http://127.0.0.1.evil.com", "127.0.0.1"));
  CAF_CHECK(!is_allowed("null", "localhost"));
}

} // namespace origin_suite
