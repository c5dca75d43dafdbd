#define CAF_SUITE url

#include "redis/url.hpp"

#include <caf/test/dsl.hpp>

using namespace waybill::redis;

CAF_TEST(a URL names the server and who we are) {
  auto x = unbox(server_url::parse("redis://joe:p%40ss@redis.lan:6380/3"));
  CAF_CHECK_EQUAL(x.host, "redis.lan");
  CAF_CHECK_EQUAL(x.port, "6380");
  CAF_CHECK_EQUAL(x.user, "joe");
  CAF_CHECK_EQUAL(x.password, "p@ss");
  CAF_CHECK_EQUAL(x.db, "3");
  CAF_MESSAGE("and is shown without the password");
  CAF_CHECK_EQUAL(to_string(x), "redis://redis.lan:6380/3");
}

CAF_TEST(all but the host has a default) {
  auto x = unbox(server_url::parse("redis://[::1]"));
  CAF_CHECK_EQUAL(x.host, "::1");
  CAF_CHECK_EQUAL(to_string(x), "redis://[::1]:6379/0");
  CAF_CHECK_EQUAL(unbox(server_url::parse("redis://:pw@h/")).password, "pw");
}

CAF_TEST(a unix socket is a path) {
  auto x = unbox(server_url::parse("unix:///run/redis.sock"));
  CAF_CHECK_EQUAL(x.path, "/run/redis.sock");
  CAF_CHECK_EQUAL(to_string(x), "unix:///run/redis.sock");
}

CAF_TEST(anything else is refused) {
  for (auto bad :
       {"", "localhost:6379", "http://h", "redis://", "redis://:6379",
        "redis://h/x", "redis://h:port", "unix://", "redis://h x"})
    CAF_CHECK(!server_url::parse(bad));
  CAF_CHECK(!server_url::parse("unix://" + std::string(108, 'x')));
}
