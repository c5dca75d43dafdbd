#define CAF_SUITE audit

#include "net/api/audit.hpp"

#include "test/net/api/fixture.hpp"

namespace audit_suite {

using namespace waybill;
using namespace waybill::net;

namespace {

std::string line_of(http::verb method, const std::string& target,
                    const std::string& key = "") {
  auto call = test::api_fixture::make(method, target);
  call.allowed.pusher = key;
  call.client = peer_address::parse("192.0.2.1:5000").value();
  return audit_line(call).value_or("");
}

} // namespace

CAF_TEST(what ends sessions or reaches everyone is written down) {
  CAF_CHECK_EQUAL(line_of(http::verb::delete_, "/socket/456"),
                  "audit: kick of \"456\" by 192.0.2.1:5000");
  CAF_CHECK_EQUAL(line_of(http::verb::delete_, "/socket/456/mailbox"),
                  "audit: removal of the mailbox of \"456\" by 192.0.2.1:5000");
  CAF_CHECK_EQUAL(line_of(http::verb::post, "/broadcast"),
                  "audit: broadcast by 192.0.2.1:5000");
}

CAF_TEST(a line names the key) {
  CAF_CHECK_EQUAL(line_of(http::verb::post, "/broadcast", "ops"),
                  "audit: broadcast by 192.0.2.1:5000 with the key \"ops\"");
}

CAF_TEST(broadcasts of a batch are written down together) {
  auto call = test::api_fixture::make(http::verb::post, "/push");
  call.client = peer_address::parse("192.0.2.1:5000").value();
  CAF_CHECK_EQUAL(line_of(http::verb::post, "/push"), "");
  CAF_CHECK_EQUAL(audit_line(call, 2),
                  "audit: broadcast, 2 in a batch by 192.0.2.1:5000");
}

CAF_TEST(other requests are not written down) {
  for (auto target : {"/socket/456", "/socket/456/mailbox", "/stats"})
    CAF_CHECK_EQUAL(line_of(http::verb::get, target), "");
  CAF_CHECK_EQUAL(line_of(http::verb::post, "/socket/456"), "");
  CAF_CHECK_EQUAL(line_of(http::verb::post, "/topic/news"), "");
}

} // namespace audit_suite
