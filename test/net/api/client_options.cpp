#define CAF_SUITE client_options

#include "net/api/client_options.hpp"

#include <caf/test/dsl.hpp>

namespace client_options_suite {

using namespace waybill;
using namespace waybill::net;

namespace {

using parameters = std::map<std::string, std::string>;

client_request parse(const parameters& query) {
  auto result = parse_client_options(query, push_address::id("456"), 2);
  if (auto wrong = std::get_if<response>(&result))
    CAF_FAIL(wrong->body.dump());
  return std::get<client_request>(std::move(result));
}

bool refuses(const parameters& query) {
  return std::holds_alternative<response>(
    parse_client_options(query, push_address::id("456"), 2));
}

} // namespace

CAF_TEST(a client has an id and may have a token) {
  auto client = parse({});
  CAF_CHECK(client.address == push_address::id("456"));
  CAF_CHECK(client.topics.empty());
  CAF_CHECK(!client.token);
  CAF_CHECK(parse({{"token", ""}}).token == "");
}

CAF_TEST(topics are names and not too many) {
  CAF_CHECK_EQUAL(parse({{"topics", "b,a,b"}}).topics,
                  (std::vector<std::string>{"b", "a"}));
  CAF_CHECK(refuses({{"topics", "a,b,c"}}));
  CAF_CHECK(refuses({{"topics", "a/b"}}));
}

CAF_TEST(a client may say what brings it) {
  CAF_CHECK(!parse({}).via);
  CAF_CHECK(parse({{"via", "first"}}).via == metric::first_joins);
  CAF_CHECK(parse({{"via", "reconnect"}}).via == metric::reconnect_joins);
  CAF_CHECK(parse({{"via", "fallback"}}).via == metric::fallback_joins);
  CAF_MESSAGE("what is unknown is ignored, as other parameters are");
  for (auto text : {"", "First", "first,fallback", "proxy"})
    CAF_CHECK(!parse({{"via", text}, {"v", "2"}}).via);
}

} // namespace client_options_suite
