#define CAF_SUITE forwarded

#include "net/http/forwarded.hpp"

#include <caf/test/dsl.hpp>

namespace forwarded_suite {

using namespace waybill::net;

namespace {

/// Returns the client of a request that came from `peer` with these lines of
/// `X-Forwarded-For`, where 10.0.0.0/8 is trusted.
std::string client_of(std::string_view peer, std::vector<std::string> lines) {
  http::fields head;
  head.insert(http::field::host, "h");
  for (auto& line : lines)
    head.insert("x-forwarded-for", line);
  return find_client(head, peer_address::parse(peer).value(),
                     {network::parse("10.0.0.0/8").value()})
    .text();
}

} // namespace

CAF_TEST(a proxy that is not trusted is the client) {
  CAF_CHECK_EQUAL(client_of("192.0.2.9:1", {"192.0.2.1"}), "192.0.2.9:1");
}

CAF_TEST(a trusted proxy names the client) {
  CAF_CHECK_EQUAL(client_of("10.0.0.1:1", {"192.0.2.1"}), "192.0.2.1");
  CAF_CHECK_EQUAL(client_of("10.0.0.1:1", {"192.0.2.1:5000"}),
                  "192.0.2.1:5000");
  CAF_CHECK_EQUAL(client_of("10.0.0.1:1", {"2001:db8::1"}), "2001:db8::1");
  CAF_CHECK_EQUAL(client_of("10.0.0.1:1", {}), "10.0.0.1:1");
}

CAF_TEST(an address that a client forged is ignored) {
  CAF_CHECK_EQUAL(client_of("10.0.0.1:1", {"198.51.100.1, 192.0.2.1"}),
                  "192.0.2.1");
  CAF_CHECK_EQUAL(client_of("10.0.0.1:1", {"198.51.100.1", "192.0.2.1"}),
                  "192.0.2.1");
  CAF_CHECK_EQUAL(client_of("10.0.0.1:1", {"10.0.0.9, 192.0.2.1"}),
                  "192.0.2.1");
}

CAF_TEST(trusted proxies may form a chain) {
  CAF_CHECK_EQUAL(client_of("10.0.0.1:1", {"192.0.2.1 ,\t10.0.0.3,10.0.0.2"}),
                  "192.0.2.1");
  CAF_CHECK_EQUAL(client_of("10.0.0.1:1", {"192.0.2.1, 10.0.0.3", "10.0.0.2"}),
                  "192.0.2.1");
  CAF_MESSAGE("the client may be one of them");
  CAF_CHECK_EQUAL(client_of("10.0.0.1:1", {"10.0.0.3, 10.0.0.2"}), "10.0.0.3");
}

CAF_TEST(the last hop with a valid address is the client) {
  for (auto bad : {"", ",", "unknown", "192.0.2.1,", "192.0.2.1, _hidden",
                   "192.0.2.1 10.0.0.2"})
    CAF_CHECK_EQUAL(client_of("10.0.0.1:1", {bad}), "10.0.0.1:1");
  CAF_CHECK_EQUAL(client_of("10.0.0.1:1", {"192.0.2.1, unknown, 10.0.0.2"}),
                  "10.0.0.2");
}

} // namespace forwarded_suite
