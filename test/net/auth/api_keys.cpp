#define CAF_SUITE api_keys

#include "net/auth/api_keys.hpp"

#include <caf/test/dsl.hpp>

namespace api_keys_suite {

using namespace waybill::net;

namespace {

api_keys parse(std::string_view text) {
  auto result = api_keys::parse(text);
  CAF_REQUIRE(std::holds_alternative<api_keys>(result));
  return std::get<api_keys>(std::move(result));
}

made_key make(const std::string& name, const std::string& scopes,
              const std::string& pattern = "*") {
  auto result = make_api_key(name, scopes, pattern);
  CAF_REQUIRE(std::holds_alternative<made_key>(result));
  return std::get<made_key>(std::move(result));
}

bool is_refused(std::string_view text) {
  return std::holds_alternative<std::string>(api_keys::parse(text));
}

} // namespace

CAF_TEST(a key is found and has the scopes that it was created with) {
  auto shop = make("shop", "push,presence", "order-*");
  auto ops = make("ops", "admin");
  auto keys = parse("# who may push\n\n" + shop.line + "\r\n" + ops.line);
  auto found = keys.find(shop.key);
  CAF_REQUIRE(found != nullptr);
  CAF_CHECK_EQUAL(found->name, "shop");
  CAF_CHECK_EQUAL(found->pattern, "order-*");
  CAF_CHECK(found->has(scope::push) && found->has(scope::presence));
  CAF_CHECK(!found->has(scope::kick) && !found->has(scope::admin));
  CAF_REQUIRE(keys.find(ops.key) != nullptr);
  CAF_CHECK_EQUAL(keys.find(ops.key)->name, "ops");
}

CAF_TEST(an unknown key is not found) {
  auto made = make("shop", "push");
  auto keys = parse(made.line);
  for (auto text : {std::string{}, made.key + "0", made.key.substr(1),
                    made.line, std::string{"shop"}})
    CAF_CHECK(keys.find(text) == nullptr);
  CAF_CHECK(parse("").find("") == nullptr);
}

CAF_TEST(a file does not hold the keys) {
  auto made = make("shop", "push");
  CAF_CHECK_EQUAL(made.line.find(made.key), std::string::npos);
  CAF_CHECK_NOT_EQUAL(made.key, make("shop", "push").key);
}

CAF_TEST(a line without a pattern is for all addresses) {
  auto made = make("shop", "push");
  auto line = made.line.substr(0, made.line.rfind(':'));
  auto keys = parse(line);
  CAF_CHECK_EQUAL(keys.find(made.key)->pattern, "*");
}

CAF_TEST(an invalid line is refused and named) {
  auto digest = std::string(64, 'a');
  CAF_CHECK(!is_refused("shop:" + digest + ":push"));
  for (const auto& line : std::initializer_list<std::string>{
         "shop", "shop:push", ":" + digest + ":push", "shop:" + digest,
         "shop:" + digest + ":", "shop:" + digest + ":push,pull",
         "shop:" + digest.substr(1) + ":push", "shop:" + digest + "0:push",
         "shop:" + std::string(64, 'g') + ":push",
         "shop:" + digest + ":push:a/b", "a/b:" + digest + ":push"}) {
    CAF_MESSAGE(line);
    auto result = api_keys::parse("\n" + line);
    CAF_REQUIRE(std::holds_alternative<std::string>(result));
    CAF_CHECK(std::get<std::string>(result).starts_with("line 2: "));
  }
}

CAF_TEST(a star in a pattern matches any characters) {
  CAF_CHECK(matches("*", ""));
  CAF_CHECK(matches("order-*", "order-"));
  CAF_CHECK(matches("order-*", "order-7"));
  CAF_CHECK(matches("*-eu-*", "order-eu-7"));
  CAF_CHECK(matches("*-7", "order-7-7"));
  CAF_CHECK(matches("a*b*c", "a-b-b-c"));
  CAF_CHECK(matches("456", "456"));
  CAF_CHECK(!matches("456", "4567"));
  CAF_CHECK(!matches("order-*", "reorder-7"));
  CAF_CHECK(!matches("*-7", "order-70"));
  CAF_CHECK(!matches("a*b", "a"));
  CAF_CHECK(!matches("", "a"));
}

} // namespace api_keys_suite
