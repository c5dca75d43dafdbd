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

CAF_TEST(TLS has a scheme of its own) {
  CAF_CHECK(!unbox(server_url::parse("redis://h")).tls);
  auto x = unbox(server_url::parse("rediss://joe:pw@[::1]:6380/3"));
  CAF_CHECK(x.tls);
  CAF_CHECK_EQUAL(x.password, "pw");
  CAF_CHECK_EQUAL(to_string(x), "rediss://[::1]:6380/3");
}

CAF_TEST(Sentinels know a master by its name) {
  auto x = unbox(server_url::parse(
    "redis+sentinel://joe:p%40ss@a.lan,[::1]:5000,10.0.0.1/my-master.1_x/3"));
  CAF_CHECK_EQUAL(x.user, "joe");
  CAF_CHECK_EQUAL(x.password, "p@ss");
  CAF_CHECK_EQUAL(x.db, "3");
  CAF_CHECK_EQUAL(x.master, "my-master.1_x");
  CAF_REQUIRE_EQUAL(x.sentinels.size(), 3u);
  CAF_CHECK_EQUAL(x.sentinels[0].host, "a.lan");
  CAF_CHECK_EQUAL(x.sentinels[0].port, "26379");
  CAF_CHECK_EQUAL(x.sentinels[1].host, "::1");
  CAF_CHECK_EQUAL(x.sentinels[1].port, "5000");
  CAF_MESSAGE("and get no password, but must be Sentinels");
  for (auto& url : x.sentinels) {
    CAF_CHECK(url.user.empty() && url.password.empty() && url.db.empty());
    CAF_CHECK_EQUAL(url.role, "sentinel");
  }
  CAF_CHECK_EQUAL(to_string(x),
                  "redis+sentinel://a.lan:26379,[::1]:5000,10.0.0.1:26379/"
                  "my-master.1_x/3");
  x = unbox(server_url::parse("redis+sentinel://:pw@h:1/m"));
  CAF_CHECK_EQUAL(x.password, "pw");
  CAF_CHECK_EQUAL(to_string(x), "redis+sentinel://h:1/m/0");
}

CAF_TEST(a unix socket is a path) {
  auto x = unbox(server_url::parse("unix:///run/redis.sock"));
  CAF_CHECK_EQUAL(x.path, "/run/redis.sock");
  CAF_CHECK_EQUAL(to_string(x), "unix:///run/redis.sock");
}

CAF_TEST(anything else is refused) {
  for (auto bad : {"",
                   "localhost:6379",
                   "http://h",
                   "redis://",
                   "redis://:6379",
                   "redis://h/x",
                   "redis://h:port",
                   "unix://",
                   "redis://h x",
                   "redis://h/0?x=1",
                   "redis://h/0#x",
                   "rediss://",
                   "rediss://h/x",
                   "redis+sentinel://",
                   "redis+sentinel://h",
                   "redis+sentinel://h/",
                   "redis+sentinel:///m",
                   "redis+sentinel://h,/m",
                   "redis+sentinel://,h/m",
                   "redis+sentinel://h/m/x",
                   "redis+sentinel://h:port/m",
                   "redis+sentinel://h/m%20m",
                   "redis+sentinel://h/m?x",
                   "redis+sentinel://:a@h,:b@i/m"})
    CAF_CHECK(!server_url::parse(bad));
  CAF_CHECK(!server_url::parse("unix://" + std::string(108, 'x')));
}
