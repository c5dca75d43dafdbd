#define CAF_SUITE client_info

#include "net/client_info.hpp"

#include <caf/test/dsl.hpp>

namespace client_info_suite {

namespace http = boost::beast::http;

using waybill::net::client_info;

namespace {

/// Returns how the software of a client is called that sends this field.
std::string agent(const std::string& field) {
  http::fields head;
  head.set(http::field::user_agent, field);
  return client_info{{}, head}.user_agent;
}

} // namespace

CAF_TEST(software is called as it calls itself) {
  CAF_CHECK_EQUAL(agent("Mozilla/5.0 (X11; Linux x86_64)"),
                  "Mozilla/5.0 (X11; Linux x86_64)");
  CAF_CHECK_EQUAL((client_info{{}, http::fields{}}.user_agent), "");
}

CAF_TEST(a name cannot control a terminal nor break JSON) {
  CAF_CHECK_EQUAL(agent("a\x1b[2J\tb\xff\x7f"), "a?[2J?b??");
}

CAF_TEST(a long name is cut) {
  CAF_CHECK_EQUAL(agent(std::string(8000, 'a')), std::string(160, 'a'));
}

} // namespace client_info_suite
