#define CAF_SUITE peer_address

#include "net/peer_address.hpp"

#include <netinet/in.h>

#include <caf/test/dsl.hpp>

namespace peer_address_suite {

using namespace waybill::net;

namespace {

std::string round_trip(std::string_view text) {
  auto x = peer_address::parse(text);
  return x ? x->text() : "none";
}

bool contains(std::string_view range, std::string_view address) {
  return network::parse(range).value().contains(
    peer_address::parse(address).value());
}

} // namespace

CAF_TEST(an address is printed as it is written) {
  for (auto text : {"192.0.2.1", "192.0.2.1:80", "2001:db8::1", "::1",
                    "[2001:db8::1]:80", "[::1]:65535"})
    CAF_CHECK_EQUAL(round_trip(text), text);
  CAF_CHECK_EQUAL(round_trip("[2001:DB8::0:1]"), "2001:db8::1");
  CAF_CHECK_EQUAL(peer_address{}.text(), "unix");
}

CAF_TEST(an address of IPv4 is the same when it comes as one of IPv6) {
  CAF_CHECK_EQUAL(round_trip("[::ffff:192.0.2.1]:80"), "192.0.2.1:80");
  CAF_CHECK(peer_address::parse("::ffff:192.0.2.1")
            == peer_address::parse("192.0.2.1"));
}

CAF_TEST(an invalid address is refused) {
  using namespace std::string_view_literals;
  for (auto bad : {""sv,
                   ":"sv,
                   ":80"sv,
                   "unknown"sv,
                   "_hidden"sv,
                   "1.2.3"sv,
                   "1.2.3.4:"sv,
                   "1.2.3.4:65536"sv,
                   "1.2.3.4:-1"sv,
                   "1.2.3.4:+1"sv,
                   "[1.2.3.4]:80"sv,
                   "1.2.3.4 "sv,
                   " 1.2.3.4"sv,
                   "::1]:80"sv,
                   "[::1"sv,
                   "[::1]"
                   "80"sv,
                   "[]"sv,
                   "]:80"sv,
                   "1::2::3"sv,
                   "1.2.3.4\0"sv,
                   "fe80::1%eth0"sv})
    CAF_CHECK_EQUAL(round_trip(bad), "none");
}

CAF_TEST(an address is taken from a socket) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(5000);
  v4.sin_addr.s_addr = htonl(0xc0000201);
  CAF_CHECK_EQUAL(peer_address{reinterpret_cast<sockaddr&>(v4)}.text(),
                  "192.0.2.1:5000");
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(80);
  v6.sin6_addr = in6addr_loopback;
  CAF_CHECK_EQUAL(peer_address{reinterpret_cast<sockaddr&>(v6)}.text(),
                  "[::1]:80");
  sockaddr other{};
  other.sa_family = AF_UNIX;
  CAF_CHECK(peer_address{other}.is_unix());
}

CAF_TEST(a network contains the addresses with its prefix) {
  CAF_CHECK(contains("10.0.0.0/8", "10.255.0.1:80"));
  CAF_CHECK(!contains("10.0.0.0/8", "11.0.0.0"));
  CAF_CHECK(contains("172.16.0.0/12", "172.31.255.255"));
  CAF_CHECK(!contains("172.16.0.0/12", "172.32.0.0"));
  CAF_CHECK(contains("192.0.2.1", "192.0.2.1:5000"));
  CAF_CHECK(!contains("192.0.2.1", "192.0.2.2"));
  CAF_CHECK(contains("0.0.0.0/0", "255.255.255.255"));
  CAF_CHECK(!contains("0.0.0.0/0", "2001:db8::1"));
  CAF_CHECK(contains("fd00::/8", "[fdff::1]:80"));
  CAF_CHECK(!contains("fd00::/8", "fe00::1"));
  CAF_CHECK(contains("2001:db8::/33", "2001:db8:7fff::"));
  CAF_CHECK(!contains("2001:db8::/33", "2001:db8:8000::"));
  CAF_CHECK(contains("::/0", "192.0.2.1"));
  CAF_CHECK(contains("::1", "::1"));
}

CAF_TEST(unix sockets are a network of their own) {
  auto local = network::parse("unix").value();
  CAF_CHECK(local.contains({}));
  CAF_CHECK(!local.contains(peer_address::parse("127.0.0.1").value()));
  CAF_CHECK(!network::parse("::/0").value().contains({}));
}

CAF_TEST(an invalid network is refused) {
  for (auto bad : {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
                   "::/129", "10.0.0.0/8/8", "10.0.0/8", "localhost", "*",
                   "[::1]", "10.0.0.1:80", "10.0.0.0/8 "})
    CAF_CHECK(!network::parse(bad));
}

} // namespace peer_address_suite
