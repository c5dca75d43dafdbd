#define CAF_SUITE url

#include "redis/url.hpp"

#include <caf/test/dsl.hpp>

namespace url_suite {

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

CAF_TEST(a Redis Cluster is known by some of its servers) {
  auto x = unbox(
    server_url::parse("redis+cluster://joe:p%40ss@a.lan,[::1]:7001,10.0.0.1"));
  CAF_CHECK(!x.tls);
  CAF_REQUIRE_EQUAL(x.seeds.size(), 3u);
  CAF_CHECK_EQUAL(x.seeds[0].host, "a.lan");
  CAF_CHECK_EQUAL(x.seeds[0].port, "6379");
  CAF_CHECK_EQUAL(x.seeds[1].host, "::1");
  CAF_CHECK_EQUAL(x.seeds[1].port, "7001");
  CAF_MESSAGE("which have one login and no database");
  x.seeds.push_back(x);
  for (auto& seed : x.seeds) {
    CAF_CHECK_EQUAL(seed.user, "joe");
    CAF_CHECK_EQUAL(seed.password, "p@ss");
    CAF_CHECK_EQUAL(seed.db, "");
    CAF_CHECK(!seed.tls);
  }
  x.seeds.pop_back();
  CAF_CHECK_EQUAL(to_string(x),
                  "redis+cluster://a.lan:6379,[::1]:7001,10.0.0.1:6379");
  CAF_MESSAGE("with TLS to each");
  x = unbox(server_url::parse("rediss+cluster://:pw@h"));
  CAF_CHECK(x.tls);
  CAF_REQUIRE_EQUAL(x.seeds.size(), 1u);
  CAF_CHECK(x.seeds[0].tls);
  CAF_CHECK_EQUAL(x.seeds[0].password, "pw");
  CAF_CHECK_EQUAL(to_string(x), "rediss+cluster://h:6379");
}

CAF_TEST(a Redis Cluster has no databases) {
  for (auto text : {"redis+cluster://h/0", "redis+cluster://h,i:7001/",
                    "rediss+cluster://h/x"}) {
    auto x = server_url::parse(text);
    CAF_REQUIRE(!x);
    auto reason = x.error().context().get_as<std::string>(0);
    CAF_CHECK(reason.find("databases") != reason.npos);
  }
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
                   "redis+sentinel://:a@h,:b@i/m",
                   "redis://h:0",
                   "redis://h:65536",
                   "redis://h:99999",
                   "redis://h:4294967297",
                   "redis://h:",
                   "redis+sentinel://h:99999/m",
                   "redis+cluster://",
                   "redis+cluster://h,",
                   "redis+cluster://,h",
                   "redis+cluster://h:port",
                   "redis+cluster://h:7000,i:0",
                   "redis+cluster://h?x=1",
                   "redis+cluster://:a@h,:b@i",
                   "rediss+sentinel://h/m"})
    if (server_url::parse(bad))
      CAF_FAIL("accepted: " << bad);
  CAF_CHECK(!server_url::parse("unix://" + std::string(108, 'x')));
}

} // namespace url_suite
