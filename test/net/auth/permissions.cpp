#define CAF_SUITE permissions

#include "net/auth/permissions.hpp"

#include <caf/test/dsl.hpp>

namespace permissions_suite {

using namespace waybill;
using namespace waybill::net;

namespace {

bool allows(const std::string& pattern, const push_address& address) {
  permissions aut;
  aut.pattern = pattern;
  return net::allows(aut, address);
}

} // namespace

CAF_TEST(nothing is forbidden unless a key says so) {
  permissions aut;
  CAF_CHECK(net::allows(aut, push_address::id("456")));
  CAF_CHECK(net::allows(aut, push_address::topic("news")));
  CAF_CHECK(net::allows(aut, push_address::everyone()));
  CAF_CHECK(!aut.expiry);
  CAF_CHECK_EQUAL(aut.pusher + aut.protocol, "");
}

CAF_TEST(a pattern is matched with the whole name of an id or a topic) {
  for (auto address : {push_address::id, push_address::topic}) {
    CAF_CHECK(allows("order-*", address("order-1")));
    CAF_CHECK(allows("order-*", address("order-")));
    CAF_CHECK(!allows("order-*", address("order")));
    CAF_CHECK(!allows("order-*", address("my-order-1")));
    CAF_CHECK(allows("456", address("456")));
    CAF_CHECK(!allows("456", address("4567")));
    CAF_CHECK(!allows("456", address("45")));
    CAF_CHECK(!allows("", address("456")));
  }
}

CAF_TEST(a pattern does not see whether a name is that of an id or a topic) {
  CAF_CHECK(!allows("id:*", push_address::id("456")));
  CAF_CHECK(!allows("topic:*", push_address::topic("456")));
  CAF_CHECK(allows("a:*", push_address::id("a:b")));
  CAF_CHECK(!allows("b", push_address::id("a:b")));
}

CAF_TEST(only who may push to anyone may push to everyone) {
  CAF_CHECK(allows("*", push_address::everyone()));
  for (auto pattern : {"", "all", "a*", "**", "*l", "?"})
    CAF_CHECK(!allows(pattern, push_address::everyone()));
  CAF_MESSAGE("everyone is not an id or topic of that name");
  CAF_CHECK(allows("all", push_address::id("all")));
  CAF_CHECK(allows("a*", push_address::topic("all")));
}

} // namespace permissions_suite
