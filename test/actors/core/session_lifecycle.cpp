#define CAF_SUITE session_lifecycle

#include "actors/core/session_lifecycle.hpp"

#include <caf/test/dsl.hpp>

namespace session_lifecycle_suite {

using namespace waybill;
using namespace std::chrono_literals;

namespace {

using command = session_lifecycle::command;

/// Codes of sessions that end in order.
constexpr auto orderly = {close_code::going_away, close_code::token_expired,
                          close_code::kicked, close_code::replaced};

/// Codes of sessions whose client broke a limit.
constexpr auto limits
  = {close_code::try_again_later, close_code::policy_violation};

struct session_lifecycle_fixture {
  command close(close_code code) {
    return aut.on_close(close_reason{code, "why"}, now);
  }

  command after(std::chrono::milliseconds time) {
    now += time;
    return aut.on_timeout(now);
  }

  /// Starts again with a session that was greeted.
  void start() {
    aut = {};
    aut.on_greeted();
  }

  /// Ends in order, up to the wait for confirmations.
  void confirm() {
    start();
    close(close_code::going_away);
    aut.on_queue_written(false);
  }

  session_lifecycle aut;
  session_lifecycle::time_point now{};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(session_lifecycle_tests, session_lifecycle_fixture)

CAF_TEST(writes nothing before it is greeted) {
  CAF_CHECK(!aut.may_write());
  CAF_CHECK(aut.on_queue_written(true) == command::none);
  aut.on_greeted();
  CAF_CHECK(aut.may_write());
  CAF_CHECK(aut.takes_input());
  CAF_CHECK(!aut.is_ending());
}

CAF_TEST(reads on in its mailbox when an open queue has been written) {
  aut.on_greeted();
  for (auto all_confirmed : {true, false})
    CAF_CHECK(aut.on_queue_written(all_confirmed) == command::read);
}

CAF_TEST(writes its queue before it closes) {
  for (auto code : orderly) {
    start();
    CAF_CHECK(close(code) == command::flush);
    CAF_CHECK(aut.is_ending());
    CAF_CHECK(aut.may_write());
    CAF_CHECK(!aut.is_closed());
    CAF_CHECK(aut.on_queue_written(true) == command::close);
    aut.on_closed();
    CAF_CHECK(aut.is_closed());
    CAF_CHECK(!aut.may_write());
    CAF_CHECK(aut.reason().code == code);
    CAF_CHECK(!aut.exit_code(0));
  }
}

CAF_TEST(ends even before it is greeted) {
  CAF_CHECK(close(close_code::going_away) == command::flush);
  CAF_CHECK(aut.may_write());
  CAF_CHECK(aut.on_queue_written(true) == command::close);
  CAF_MESSAGE("and a late greeting changes nothing");
  aut.on_greeted();
  CAF_CHECK(aut.on_queue_written(true) == command::close);
  aut.on_closed();
  aut.on_greeted();
  CAF_CHECK(aut.is_closed());
  CAF_CHECK(!aut.may_write());
}

CAF_TEST(waits once for confirmations and closes with the last) {
  start();
  close(close_code::going_away);
  CAF_CHECK(aut.on_queue_written(false) == command::await_confirmations);
  CAF_CHECK(aut.may_write());
  CAF_CHECK(aut.on_queue_written(false) == command::none);
  CAF_CHECK(aut.on_queue_written(true) == command::close);
}

CAF_TEST(waits no longer than a second for confirmations) {
  confirm();
  CAF_CHECK(after(session_lifecycle::confirm_time) == command::write);
  CAF_MESSAGE("but pushes that came meanwhile are written first");
  CAF_CHECK(aut.may_write());
  CAF_CHECK(!aut.is_closed());
  CAF_CHECK(aut.on_queue_written(false) == command::close);
}

CAF_TEST(gives up a queue that is not written in ten seconds) {
  start();
  close(close_code::kicked);
  CAF_CHECK(after(session_lifecycle::flush_time) == command::give_up);
  CAF_CHECK(aut.reason().code == close_code::kicked);
  CAF_MESSAGE("even if the wait for confirmations is over");
  confirm();
  CAF_CHECK(after(session_lifecycle::confirm_time) == command::write);
  CAF_CHECK(
    after(session_lifecycle::flush_time - session_lifecycle::confirm_time - 1ms)
    == command::write);
  CAF_CHECK(after(1ms) == command::give_up);
}

CAF_TEST(ends at once if its client broke a limit) {
  for (auto code : limits) {
    aut = {};
    CAF_CHECK(close(code) == command::cut_off);
    start();
    CAF_CHECK(close(code) == command::cut_off);
    CAF_CHECK(aut.reason().code == code);
    aut.on_closed();
    CAF_CHECK(aut.is_closed());
  }
}

CAF_TEST(keeps the first reason for an orderly end) {
  start();
  close(close_code::replaced);
  CAF_CHECK(close(close_code::going_away) == command::none);
  CAF_CHECK(aut.reason().code == close_code::replaced);
  CAF_MESSAGE("also while it waits for confirmations, and after these");
  confirm();
  CAF_CHECK(close(close_code::kicked) == command::none);
  CAF_CHECK(aut.on_queue_written(false) == command::none);
  after(session_lifecycle::confirm_time);
  CAF_CHECK(close(close_code::kicked) == command::none);
  CAF_CHECK(aut.reason().code == close_code::going_away);
}

CAF_TEST(a broken limit cuts an orderly end short) {
  for (auto code : limits) {
    start();
    close(close_code::going_away);
    CAF_CHECK(close(code) == command::cut_off);
    CAF_CHECK(aut.reason().code == code);
    confirm();
    CAF_CHECK(close(code) == command::cut_off);
    CAF_CHECK(aut.reason().code == code);
  }
}

CAF_TEST(does nothing once it has closed) {
  confirm();
  aut.on_closed();
  for (auto code : {close_code::kicked, close_code::try_again_later})
    CAF_CHECK(close(code) == command::none);
  CAF_CHECK(after(session_lifecycle::confirm_time) == command::none);
  CAF_CHECK(after(session_lifecycle::flush_time) == command::none);
  CAF_CHECK(aut.on_queue_written(true) == command::none);
  CAF_CHECK(aut.reason().code == close_code::going_away);
}

CAF_TEST(takes input while it drains but not when it was closed for cause) {
  for (auto code : orderly) {
    start();
    close(code);
    CAF_CHECK_EQUAL(aut.takes_input(), code == close_code::going_away);
  }
  for (auto code : limits) {
    start();
    close(code);
    CAF_CHECK(!aut.takes_input());
  }
}

CAF_TEST(exits with the limit that was broken or else with what was dropped) {
  auto exit_code = [this](uint64_t dropped) {
    return aut.exit_code(dropped).value_or(errc{});
  };
  start();
  CAF_CHECK(exit_code(0) == errc{});
  CAF_CHECK(exit_code(1) == errc::dropped);
  close(close_code::kicked);
  CAF_CHECK(exit_code(0) == errc{});
  CAF_CHECK(exit_code(1) == errc::dropped);
  close(close_code::try_again_later);
  CAF_CHECK(exit_code(0) == errc::too_slow);
  CAF_CHECK(exit_code(1) == errc::too_slow);
  start();
  close(close_code::policy_violation);
  CAF_CHECK(exit_code(0) == errc::too_fast);
  CAF_CHECK(exit_code(1) == errc::too_fast);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace session_lifecycle_suite
