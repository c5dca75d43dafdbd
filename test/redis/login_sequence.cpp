#define CAF_SUITE login_sequence

#include "redis/login_sequence.hpp"

#include <caf/test/dsl.hpp>

namespace login_sequence_suite {

using namespace waybill::redis;

namespace {

using phase = login_sequence::phase;

struct login_sequence_fixture {
  login_sequence_fixture() {
    url.user = "me";
    url.password = "pw";
    url.db = "3";
    url.role = "master";
  }

  login_sequence start() { return {url, true}; }

  /// Starts with a URL that asks for nothing but its role.
  login_sequence start_with_role() {
    url = {};
    url.db.clear();
    url.role = "master";
    return {url, false};
  }

  /// Starts with a URL that asks for nothing but the id of the connection.
  login_sequence start_with_id() {
    url = {};
    url.db.clear();
    return {url, true};
  }

  static reply text(const std::string& x) { return {reply::kind::text, 0, x}; }

  static reply error(const std::string& x) {
    return {reply::kind::error, 0, x};
  }

  static reply number(int64_t x) { return {reply::kind::number, x}; }

  static reply role(const std::string& x) {
    return {reply::kind::list, 0, "", {text(x), number(0)}};
  }

  server_url url;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(login_sequence_tests, login_sequence_fixture)

CAF_TEST(has the steps that the URL asks for in their order) {
  auto aut = start();
  std::vector<command> all{
    {"AUTH", "me", "pw"}, {"SELECT", "3"}, {"ROLE"}, {"CLIENT", "ID"}};
  CAF_CHECK_EQUAL(aut.steps(), all);
}

CAF_TEST(has no step that the URL does not ask for) {
  url = {};
  login_sequence aut{url, false};
  std::vector<command> all{{"SELECT", "0"}};
  CAF_CHECK_EQUAL(aut.steps(), all);
  url.db.clear();
  url.user = "a user without a password";
  login_sequence empty{url, false};
  CAF_CHECK(empty.steps().empty());
}

CAF_TEST(a password needs no user) {
  url.user.clear();
  auto aut = start();
  CAF_CHECK_EQUAL(aut.steps().at(0), (command{"AUTH", "pw"}));
}

CAF_TEST(is done when Redis has accepted the last step) {
  auto aut = start();
  CAF_CHECK(aut.on_reply(text("OK")) == phase::pending);
  CAF_CHECK(aut.on_reply(text("OK")) == phase::pending);
  CAF_CHECK(aut.on_reply(role("master")) == phase::pending);
  CAF_CHECK_EQUAL(aut.client_id(), 0u);
  CAF_CHECK(aut.on_reply(number(7)) == phase::done);
  CAF_CHECK_EQUAL(aut.client_id(), 7u);
  CAF_CHECK_EQUAL(aut.reason(), "");
}

CAF_TEST(fails with the error of a step) {
  auto aut = start();
  CAF_CHECK(aut.on_reply(error("WRONGPASS no")) == phase::failed);
  CAF_CHECK_EQUAL(aut.reason(), "WRONGPASS no");
  aut = start();
  aut.on_reply(text("OK"));
  CAF_CHECK(aut.on_reply(error("LOADING wait")) == phase::failed);
  CAF_CHECK_EQUAL(aut.reason(), "LOADING wait");
  aut = start_with_role();
  CAF_CHECK(aut.on_reply(error("NOPERM role")) == phase::failed);
  CAF_CHECK_EQUAL(aut.reason(), "NOPERM role");
}

CAF_TEST(fails if the server has another role or names none) {
  for (auto& answer : {role("slave"), role(""), text("master"), reply{}}) {
    auto aut = start_with_role();
    CAF_CHECK(aut.on_reply(answer) == phase::failed);
    CAF_CHECK_EQUAL(aut.reason(), "this Redis is no master");
  }
  auto aut = start_with_role();
  CAF_CHECK(aut.on_reply(role("master")) == phase::done);
}

CAF_TEST(does without an id that the user may not read) {
  for (auto& answer : {error("NOPERM client"), text("7"), reply{}}) {
    auto aut = start_with_id();
    CAF_CHECK(aut.on_reply(answer) == phase::done);
    CAF_CHECK_EQUAL(aut.client_id(), 0u);
  }
  auto aut = start_with_id();
  CAF_CHECK(aut.on_reply(number(7)) == phase::done);
  CAF_CHECK_EQUAL(aut.client_id(), 7u);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace login_sequence_suite
