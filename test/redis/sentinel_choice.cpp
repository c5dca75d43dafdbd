#define CAF_SUITE sentinel_choice

#include "redis/sentinel_choice.hpp"

#include <caf/test/dsl.hpp>

namespace sentinel_choice_suite {

using namespace waybill::redis;

namespace {

using command = sentinel_choice::command;

struct sentinel_choice_fixture {
  /// Connects to the current Sentinel, and asks it.
  void ask() {
    CAF_CHECK(aut.on_ask() == command::connect);
    CAF_CHECK(aut.on_open() == command::ask);
  }

  sentinel_choice aut{3};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(sentinel_choice_tests, sentinel_choice_fixture)

CAF_TEST(asks the first as soon as it is connected) {
  CAF_CHECK(!aut.is_asked());
  CAF_CHECK(aut.on_ask() == command::connect);
  CAF_CHECK_EQUAL(aut.current(), 0u);
  CAF_CHECK(!aut.is_asked());
  CAF_CHECK(aut.on_open() == command::ask);
  CAF_CHECK(aut.is_asked());
}

CAF_TEST(has one connection and one question pending at a time) {
  aut.on_ask();
  CAF_CHECK(aut.on_ask() == command::none);
  aut.on_open();
  CAF_CHECK(aut.on_ask() == command::none);
  CAF_CHECK(aut.is_asked());
}

CAF_TEST(asks the same Sentinel again while it names the master) {
  ask();
  for (int i = 0; i < 5; ++i) {
    aut.on_master();
    CAF_CHECK(!aut.is_asked());
    CAF_CHECK(aut.on_ask() == command::ask);
    CAF_CHECK_EQUAL(aut.current(), 0u);
  }
}

CAF_TEST(turns to the next at once when one fails) {
  CAF_MESSAGE("that is not reached");
  aut.on_ask();
  CAF_CHECK(aut.on_failure() == command::connect);
  CAF_CHECK_EQUAL(aut.current(), 1u);
  CAF_CHECK(aut.on_ask() == command::none);
  CAF_MESSAGE("or that owes an answer");
  CAF_CHECK(aut.on_open() == command::ask);
  CAF_CHECK(aut.on_failure() == command::connect);
  CAF_CHECK_EQUAL(aut.current(), 2u);
  CAF_CHECK(!aut.is_asked());
  CAF_MESSAGE("or that was lost between two questions");
  aut.on_open();
  aut.on_master();
  CAF_CHECK(aut.on_failure() == command::connect);
  CAF_CHECK_EQUAL(aut.current(), 0u);
}

CAF_TEST(gives up when each has failed once) {
  ask();
  CAF_CHECK(aut.on_failure() == command::connect);
  CAF_CHECK(aut.on_failure() == command::connect);
  CAF_CHECK(aut.on_failure() == command::give_up);
  CAF_CHECK(!aut.is_asked());
  CAF_MESSAGE("and begins anew when it is to ask again");
  ask();
  CAF_CHECK_EQUAL(aut.current(), 0u);
  CAF_CHECK(aut.on_failure() == command::connect);
  CAF_CHECK(aut.on_failure() == command::connect);
  CAF_CHECK(aut.on_failure() == command::give_up);
}

CAF_TEST(begins with the one behind the last that failed) {
  aut.on_ask();
  aut.on_failure();
  aut.on_open();
  aut.on_master();
  CAF_CHECK_EQUAL(aut.current(), 1u);
  for (int i = 0; i < 3; ++i)
    aut.on_failure();
  CAF_CHECK_EQUAL(aut.current(), 1u);
  ask();
}

CAF_TEST(forgets failures when one names the master) {
  ask();
  aut.on_failure();
  aut.on_failure();
  aut.on_open();
  aut.on_master();
  CAF_CHECK(aut.on_failure() == command::connect);
  CAF_CHECK(aut.on_failure() == command::connect);
  CAF_CHECK(aut.on_failure() == command::give_up);
}

CAF_TEST(asks one that it distrusts after the others) {
  ask();
  aut.on_master();
  aut.on_distrust();
  CAF_CHECK_EQUAL(aut.current(), 1u);
  CAF_MESSAGE("and connects to the next only when it is to ask");
  CAF_CHECK(!aut.is_asked());
  ask();
  aut.on_failure();
  CAF_CHECK_EQUAL(aut.current(), 2u);
  aut.on_failure();
  CAF_CHECK_EQUAL(aut.current(), 0u);
}

CAF_TEST(a question to one that it distrusts is void) {
  ask();
  aut.on_distrust();
  CAF_CHECK(!aut.is_asked());
  ask();
  CAF_CHECK_EQUAL(aut.current(), 1u);
}

CAF_TEST(a single Sentinel that fails is asked next time) {
  sentinel_choice single{1};
  single.on_ask();
  CAF_CHECK(single.on_failure() == command::give_up);
  CAF_CHECK_EQUAL(single.current(), 0u);
  CAF_CHECK(single.on_ask() == command::connect);
  single.on_distrust();
  CAF_CHECK_EQUAL(single.current(), 0u);
  CAF_CHECK(single.on_ask() == command::connect);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace sentinel_choice_suite
