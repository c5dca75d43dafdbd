#include "net/websocket/handshake.hpp"

#include <array>

#include <boost/beast/websocket/rfc6455.hpp>
#include <openssl/sha.h>

#include "net/base64.hpp"

namespace waybill::net {

namespace {

/// Returns the `Sec-WebSocket-Accept` for a key.
std::string accept_of(std::string_view key) {
  constexpr std::string_view guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  auto text = std::string{key}.append(guid);
  std::array<char, SHA_DIGEST_LENGTH> digest;
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       reinterpret_cast<unsigned char*>(digest.data()));
  return to_base64({digest.data(), digest.size()});
}

/// Tells whether a head has one valid `Sec-WebSocket-Key`: 16 bytes in base64.
bool has_key(const http::request_header<>& head) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmn"
                                      "opqrstuvwxyz0123456789+/";
  std::string_view key = head[http::field::sec_websocket_key];
  return head.count(http::field::sec_websocket_key) == 1 && key.size() == 24
         && key.find_first_not_of(digits) == 22 && key.ends_with("==");
}

} // namespace

std::optional<response> check_handshake(const http::request_header<>& head,
                                        bool is_alone) {
  if (!boost::beast::websocket::is_upgrade(head)
      || head[http::field::sec_websocket_version] != "13") {
    auto result
      = error_response(http::status::upgrade_required, "upgrade_required",
                       "open a WebSocket with Sec-WebSocket-Version: 13");
    result.fields.emplace_back(http::field::upgrade, "websocket");
    result.fields.emplace_back(http::field::sec_websocket_version, "13");
    return result;
  }
  if (!has_key(head) || !is_alone)
    return error_response(http::status::bad_request, "bad_handshake",
                          "send a Sec-WebSocket-Key of 16 bytes in base64, "
                          "and nothing after the head");
  return std::nullopt;
}

std::string
handshake_response(std::string_view key, std::string_view protocol,
                   const std::optional<compression_params>& compression) {
  auto result = "HTTP/1.1 101 Switching Protocols\r\n"
                "Server: waybill\r\n"
                "Connection: upgrade\r\n"
                "Upgrade: websocket\r\n"
                "Sec-WebSocket-Accept: "
                + accept_of(key) + "\r\n";
  if (!protocol.empty())
    result.append("Sec-WebSocket-Protocol: ").append(protocol).append("\r\n");
  if (compression)
    result += "Sec-WebSocket-Extensions: " + to_string(*compression) + "\r\n";
  return result += "\r\n";
}

} // namespace waybill::net
