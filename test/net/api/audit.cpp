#define CAF_SUITE audit

#include "net/api/audit.hpp"

#include "net/log_fields.hpp"
#include "test/net/api/fixture.hpp"

namespace audit_suite {

using namespace waybill;
using namespace waybill::net;

namespace {

net::api_call call_of(http::verb method, const std::string& target,
                      const std::string& key = "") {
  auto result = test::api_fixture::make(method, target);
  result.allowed.pusher = key;
  result.client = peer_address::parse("192.0.2.1:5000").value();
  return result;
}

/// Returns the line in the text format.
std::string line_of(http::verb method, const std::string& target,
                    const std::string& key = "") {
  auto line = audit_line(call_of(method, target, key)).value_or("");
  return std::string{split_log_fields(line).message};
}

/// Returns the members of the line in the JSON format.
std::string fields_of(http::verb method, const std::string& target,
                      const std::string& key = "") {
  auto line = audit_line(call_of(method, target, key)).value_or("");
  return std::string{split_log_fields(line).fields};
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

CAF_TEST(a line has members for programs) {
  CAF_CHECK_EQUAL(fields_of(http::verb::delete_, "/socket/456", "ops"),
                  R"(,"id":"456","peer":"192.0.2.1:5000","key":"ops")");
  CAF_CHECK_EQUAL(fields_of(http::verb::post, "/broadcast"),
                  R"(,"peer":"192.0.2.1:5000")");
}

CAF_TEST(broadcasts of a batch are written down together) {
  CAF_CHECK_EQUAL(line_of(http::verb::post, "/push"), "");
  auto line = audit_line(call_of(http::verb::post, "/push"), 2);
  CAF_CHECK_EQUAL(split_log_fields(line).message,
                  "audit: broadcast, 2 in a batch by 192.0.2.1:5000");
}

CAF_TEST(other requests are not written down) {
  for (auto target : {"/socket/456", "/socket/456/mailbox", "/stats"})
    CAF_CHECK_EQUAL(line_of(http::verb::get, target), "");
  CAF_CHECK_EQUAL(line_of(http::verb::post, "/socket/456"), "");
  CAF_CHECK_EQUAL(line_of(http::verb::post, "/topic/news"), "");
}

} // namespace audit_suite
