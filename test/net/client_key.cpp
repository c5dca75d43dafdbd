#define CAF_SUITE client_key

#include "net/client_key.hpp"

#include "test/fixture.hpp"

namespace client_key_suite {

using namespace waybill::net;

CAF_TEST(the addresses of one subscriber have one key) {
  auto of
    = [](const char* text) { return client_key(*peer_address::parse(text)); };
  CAF_CHECK_EQUAL(of("192.0.2.1"), "192.0.2.1");
  CAF_CHECK_EQUAL(of("192.0.2.1:80"), "192.0.2.1");
  CAF_CHECK_EQUAL(of("::ffff:192.0.2.1"), "192.0.2.1");
  CAF_CHECK_EQUAL(client_key({}), "unix");
  CAF_CHECK_EQUAL(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  CAF_CHECK_EQUAL(of("2001:db8:1:2:ffff::1"), "2001:db8:1:2::/64");
  CAF_CHECK(of("2001:db8:1:3::1") != of("2001:db8:1:2::1"));
}

} // namespace client_key_suite
