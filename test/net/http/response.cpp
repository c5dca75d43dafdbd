#define CAF_SUITE response

#include "net/http/response.hpp"

#include <caf/test/dsl.hpp>

namespace response_suite {

using namespace waybill::net;

CAF_TEST(a response is its status line and fields and body) {
  CAF_CHECK_EQUAL(serialize({http::status::ok, {{"nodes", 1}}}, {}),
                  "HTTP/1.1 200 OK\r\n"
                  "Server: waybill\r\n"
                  "Content-Type: application/json\r\n"
                  "Content-Length: 12\r\n"
                  "\r\n"
                  "{\"nodes\":1}\n");
}

CAF_TEST(a name that is not UTF - 8 is replaced) {
  json broken{{"push", "a\xff"}};
  CAF_CHECK_EQUAL(serialize_body({http::status::ok, broken}),
                  "{\"push\":\"a\ufffd\"}\n");
  CAF_CHECK_EQUAL(
    serialize_body({http::status::ok, json::array({broken, broken})}),
    "{\"push\":\"a\ufffd\"}\n{\"push\":\"a\ufffd\"}\n");
}

CAF_TEST(a response without content has no body and no length) {
  CAF_CHECK_EQUAL(serialize({http::status::no_content}, {}),
                  "HTTP/1.1 204 No Content\r\n"
                  "Server: waybill\r\n"
                  "\r\n");
}

CAF_TEST(the response to HEAD has the length of the body but no body) {
  CAF_CHECK_EQUAL(
    serialize({http::status::not_found, {{"nodes", 1}}}, {11, true, true}),
    "HTTP/1.1 404 Not Found\r\n"
    "Server: waybill\r\n"
    "Content-Type: application/json\r\n"
    "Content-Length: 12\r\n"
    "\r\n");
}

CAF_TEST(the field Connection says what the version does not imply) {
  auto connection_of = [](unsigned version, bool keep_alive) {
    auto text = serialize({}, {version, keep_alive});
    auto begin = text.find("Connection: ");
    return begin == text.npos
             ? ""
             : text.substr(begin, text.find('\r', begin) - begin);
  };
  CAF_CHECK_EQUAL(connection_of(11, true), "");
  CAF_CHECK_EQUAL(connection_of(11, false), "Connection: close");
  CAF_CHECK_EQUAL(connection_of(10, true), "Connection: keep-alive");
  CAF_CHECK_EQUAL(connection_of(10, false), "");
  CAF_CHECK(serialize({}, {10, true}).starts_with("HTTP/1.0 200 OK\r\n"));
}

CAF_TEST(the media type follows the body unless a field says it) {
  auto type_of = [](const response& x) {
    auto text = serialize(x, {});
    std::string name{"Content-Type: "};
    auto begin = text.find(name) + name.size();
    CAF_CHECK_EQUAL(text.find(name, begin), text.npos);
    return text.substr(begin, text.find('\r', begin) - begin);
  };
  CAF_CHECK_EQUAL(type_of({}), "application/json");
  CAF_CHECK_EQUAL(type_of({http::status::ok, json::array({{{"a", 1}}})}),
                  "application/x-ndjson");
  CAF_CHECK_EQUAL(type_of({http::status::ok, "a 1\n"}),
                  "text/plain; version=0.0.4; charset=utf-8");
  CAF_CHECK_EQUAL(
    type_of(
      {http::status::ok, "p {}", {{http::field::content_type, "text/css"}}}),
    "text/css");
}

CAF_TEST(a list has a line for each of its members) {
  auto text
    = serialize({http::status::ok, json::array({{{"a", 1}}, {{"b", 2}}})}, {});
  CAF_CHECK(text.ends_with("\r\n\r\n{\"a\":1}\n{\"b\":2}\n"));
}

CAF_TEST(a text is sent in place of the body that tells its type) {
  response lines{http::status::ok, json::array()};
  lines.text = "{\"a\":1}\n{\"b\":2}\n";
  CAF_CHECK_EQUAL(
    serialize(lines, {}),
    serialize({http::status::ok, json::array({{{"a", 1}}, {{"b", 2}}})}, {}));
  response object{http::status::ok, nullptr};
  object.text = "{\"a\":1}\n";
  CAF_CHECK_EQUAL(serialize(object, {}),
                  serialize({http::status::ok, {{"a", 1}}}, {}));
}

} // namespace response_suite
