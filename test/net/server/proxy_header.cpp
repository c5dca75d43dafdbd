#define CAF_SUITE proxy_header

#include "net/server/proxy_header.hpp"

#include <caf/test/dsl.hpp>

namespace proxy_header_suite {

using namespace waybill::net;
using namespace std::string_literals;

namespace {

/// Formats the client and size of a header, or the reason for having none.
std::string parse(const std::string& bytes) {
  auto x = parse_proxy_header(bytes);
  if (x.size == 0)
    return "incomplete";
  if (x.size < 0)
    return "malformed";
  return (x.client ? x.client->text() : "nobody") + ' '
         + std::to_string(x.size);
}

/// Builds a header of version 2.
std::string header(uint8_t command, uint8_t family, const std::string& rest) {
  auto result = "\r\n\r\n\0\r\nQUIT\n"s;
  result += static_cast<char>(command);
  result += static_cast<char>(family);
  result += static_cast<char>(rest.size() >> 8);
  result += static_cast<char>(rest.size());
  return result + rest;
}

const auto v4 = "\xc0\x00\x02\x01\x0a\x00\x00\x01\x13\x88\x00\x50"s;

const auto v6 = "\x20\x01\x0d\xb8"s + std::string(11, '\0') + '\1'
                + std::string(16, '\0') + "\x13\x88\x00\x50"s;

} // namespace

CAF_TEST(a line names a client) {
  CAF_CHECK_EQUAL(parse("PROXY TCP4 192.0.2.1 10.0.0.1 5000 80\r\nGET"),
                  "192.0.2.1:5000 39");
  CAF_CHECK_EQUAL(parse("PROXY TCP6 2001:db8::1 ::1 5000 80\r\n"),
                  "[2001:db8::1]:5000 36");
  CAF_CHECK_EQUAL(parse("PROXY UNKNOWN\r\n"), "nobody 15");
  CAF_CHECK_EQUAL(parse("PROXY UNKNOWN what ever\r\n"), "nobody 25");
}

CAF_TEST(a header of version 2 names a client) {
  CAF_CHECK_EQUAL(parse(header(0x21, 0x11, v4) + "GET"), "192.0.2.1:5000 28");
  CAF_CHECK_EQUAL(parse(header(0x21, 0x21, v6)), "[2001:db8::1]:5000 52");
  CAF_CHECK_EQUAL(parse(header(0x21, 0x31, std::string(216, 'x'))), "unix 232");
  CAF_MESSAGE("fields besides addresses are skipped");
  CAF_CHECK_EQUAL(parse(header(0x21, 0x11, v4 + std::string(4068, 'x'))),
                  "192.0.2.1:5000 4096");
  CAF_MESSAGE("the proxy may connect on its own behalf");
  CAF_CHECK_EQUAL(parse(header(0x20, 0x00, "")), "nobody 16");
  CAF_CHECK_EQUAL(parse(header(0x20, 0x11, v4)), "nobody 28");
  CAF_CHECK_EQUAL(parse(header(0x21, 0x00, "xyz")), "nobody 19");
}

CAF_TEST(a header may come byte by byte) {
  for (auto& whole :
       {"PROXY TCP4 192.0.2.1 10.0.0.1 5000 80\r\n"s, header(0x21, 0x11, v4)}) {
    for (size_t i = 0; i < whole.size(); ++i)
      CAF_CHECK_EQUAL(parse(whole.substr(0, i)), "incomplete");
    CAF_CHECK_NOT_EQUAL(parse(whole), "incomplete");
  }
}

CAF_TEST(a malformed header is detected at once) {
  for (auto& bad :
       {"G"s, "PROXX"s, "proxy "s, "\r\n\r\n\r"s, "PROXY\r\n"s, "PROXY \r\n"s,
        "PROXY TCP4\r\n"s, "PROXY TCP4 192.0.2.1 10.0.0.1 5000\r\n"s,
        "PROXY TCP4 192.0.2.1 10.0.0.1 5000 80 1\r\n"s,
        "PROXY  TCP4 192.0.2.1 10.0.0.1 5000 80\r\n"s,
        "PROXY TCP4 192.0.2.1 10.0.0.1 5000 80\n"s,
        "PROXY TCP4 192.0.2.1 10.0.0.1 65536 80\r\n"s,
        "PROXY TCP4 192.0.2.1 10.0.0.1 -1 80\r\n"s,
        "PROXY TCP4 ::1 ::1 5000 80\r\n"s,
        "PROXY TCP6 192.0.2.1 10.0.0.1 5000 80\r\n"s,
        "PROXY TCP6 [::1] ::1 5000 80\r\n"s,
        "PROXY UDP4 192.0.2.1 10.0.0.1 5000 80\r\n"s,
        "PROXY TCP4 "s + std::string(96, 'x'),
        "PROXY UNKNOWN"s + std::string(94, ' ')})
    CAF_CHECK_EQUAL(parse(bad), "malformed");
}

CAF_TEST(a malformed header of version 2 is refused) {
  CAF_CHECK_EQUAL(parse(header(0x11, 0x11, v4)), "malformed");
  CAF_CHECK_EQUAL(parse(header(0x22, 0x11, v4)), "malformed");
  CAF_CHECK_EQUAL(parse(header(0x21, 0x12, v4)), "malformed");
  CAF_CHECK_EQUAL(parse(header(0x21, 0x41, v4)), "malformed");
  CAF_CHECK_EQUAL(parse(header(0x21, 0x11, v4.substr(1))), "malformed");
  CAF_CHECK_EQUAL(parse(header(0x21, 0x21, v6.substr(1))), "malformed");
  CAF_CHECK_EQUAL(parse(header(0x21, 0x31, v6)), "malformed");
  CAF_CHECK_EQUAL(parse(header(0x21, 0x11, std::string(4081, 'x'))),
                  "malformed");
}

} // namespace proxy_header_suite
