#define CAF_SUITE config

#include "net/config.hpp"

#include <caf/test/dsl.hpp>

namespace config_suite {

using namespace waybill::net;
using namespace std::chrono_literals;
using namespace std::string_literals;

CAF_TEST(an address has a host and a port) {
  auto x = listen_address::parse("127.0.0.1:8080").value();
  CAF_CHECK_EQUAL(x.host, "127.0.0.1");
  CAF_CHECK_EQUAL(x.port, "8080");
  x = listen_address::parse("[::1]:0").value();
  CAF_CHECK_EQUAL(x.host, "::1");
  x = listen_address::parse(":80").value();
  CAF_CHECK_EQUAL(x.host, "");
  CAF_CHECK_EQUAL(x.path, "");
  for (auto bad : {"", "8080", "h:", "h:x", "h:65536", "h:-1", "::1:80"})
    CAF_CHECK(!listen_address::parse(bad));
}

CAF_TEST(an address may be the file of a unix socket) {
  auto x = listen_address::parse("unix:/run/a:80").value();
  CAF_CHECK_EQUAL(x.path, "/run/a:80");
  CAF_CHECK(x.is_unix());
  CAF_CHECK(x.is_loopback());
  x = listen_address::parse("unix:80").value();
  CAF_CHECK_EQUAL(x.host, "unix");
  auto longest = "unix:/" + std::string(106, 'x');
  CAF_CHECK(listen_address::parse(longest));
  for (auto& bad :
       {"unix:"s, "unix:/"s, "unix:run"s, longest + 'x', "unix:/a\0"s})
    CAF_CHECK(!listen_address::parse(bad));
}

CAF_TEST(an address is printed as it is parsed) {
  for (auto text : {"127.0.0.1:80", "[::1]:80", ":80", "unix:/run/a"})
    CAF_CHECK_EQUAL(to_string(listen_address::parse(text).value()), text);
}

CAF_TEST(only this machine can connect to a loopback address) {
  for (auto yes : {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1"})
    CAF_CHECK(listen_address::parse(yes).value().is_loopback());
  for (auto no : {"0.0.0.0:1", "[::]:1", ":1", "10.0.0.1:1", "example.com:1"})
    CAF_CHECK(!listen_address::parse(no).value().is_loopback());
}

CAF_TEST(a duration is a number and a unit) {
  CAF_CHECK_EQUAL(parse_duration("5s"), std::optional{5000ms});
  CAF_CHECK_EQUAL(parse_duration("500ms"), std::optional{500ms});
  CAF_CHECK_EQUAL(parse_duration("10m"), std::optional{600'000ms});
  CAF_CHECK_EQUAL(parse_duration("2h"), std::optional{7'200'000ms});
  CAF_CHECK_EQUAL(parse_duration("0s"), std::optional{0ms});
  for (auto bad : {"", "5", "s", "-5s", "+5s", "5 s", "5S", "1.5s", "5d", "5ss",
                   "9999999999999999999s", "9223372036854775807ms"})
    CAF_CHECK(!parse_duration(bad));
}

} // namespace config_suite
