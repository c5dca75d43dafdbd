#define CAF_SUITE handshake

#include "net/websocket/handshake.hpp"

#include "test/fixture.hpp"

namespace handshake_suite {

using namespace waybill::net;

namespace {

// The key of RFC 6455, section 1.3.
constexpr std::string_view key = "dGhlIHNhbXBsZSBub25jZQ==";
const std::string head
  = "HTTP/1.1 101 Switching Protocols\r\n"
    "Server: waybill\r\n"
    "Connection: upgrade\r\n"
    "Upgrade: websocket\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

http::request_header<> upgrade_with(const std::vector<std::string>& keys) {
  http::request_header<> result;
  result.method(http::verb::get);
  result.set(http::field::connection, "Upgrade");
  result.set(http::field::upgrade, "websocket");
  result.set(http::field::sec_websocket_version, "13");
  for (auto& text : keys)
    result.insert(http::field::sec_websocket_key, text);
  return result;
}

/// Returns the error code that answers a handshake; empty for none.
std::string error_of(const http::request_header<>& head, bool is_alone = true) {
  auto wrong = check_handshake(head, is_alone);
  return wrong ? wrong->body.at("error").get<std::string>() : "";
}

} // namespace

CAF_TEST(checks that a request is one for a WebSocket) {
  const auto right = upgrade_with({std::string{key}});
  CAF_CHECK_EQUAL(error_of(right), "");
  for (auto field : {http::field::connection, http::field::upgrade,
                     http::field::sec_websocket_version}) {
    auto head = right;
    head.erase(field);
    CAF_CHECK_EQUAL(error_of(head), "upgrade_required");
    head.set(field, "8");
    CAF_CHECK_EQUAL(error_of(head), "upgrade_required");
  }
  CAF_CHECK_EQUAL(error_of(right, false), "bad_handshake");
}

CAF_TEST(checks the key) {
  CAF_CHECK_EQUAL(error_of(upgrade_with({"AZaz09+/AAAAAAAAAAAAAA=="})), "");
  CAF_CHECK_EQUAL(error_of(upgrade_with({})), "bad_handshake");
  CAF_CHECK_EQUAL(error_of(upgrade_with(
                    {"AZaz09+/AAAAAAAAAAAAAA==", "AZaz09+/AAAAAAAAAAAAAA=="})),
                  "bad_handshake");
  for (auto bad : {"", "AAAAAAAAAAAAAAAAAAAA",
                   "AAAAAAAAAAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAAAAAAAAAA",
                   "AAAAAAAAAAAAAAAAAAAAA===", "AAAAAAAAAAAAAAAAAAAAAA=A",
                   "AAAAAAAAAAAAAAAAAAAAA-==", "AAAAAAAAAAAAAAAAAAAAAAAAAA=="})
    CAF_CHECK_EQUAL(error_of(upgrade_with({bad})), "bad_handshake");
}

CAF_TEST(accepts the key of the client) {
  CAF_CHECK_EQUAL(handshake_response(key, "", std::nullopt), head + "\r\n");
}

CAF_TEST(names the protocol and the extension) {
  CAF_CHECK_EQUAL(handshake_response(key, "waybill.v1", compression_params{}),
                  head
                    + "Sec-WebSocket-Protocol: waybill.v1\r\n"
                      "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
}

} // namespace handshake_suite
