#define CAF_SUITE lazy_timer

#include "net/lazy_timer.hpp"

#include <caf/test/dsl.hpp>

namespace lazy_timer_suite {

using namespace waybill::net;
using namespace std::chrono_literals;

namespace {

struct clocked : std::enable_shared_from_this<clocked> {
  explicit clocked(boost::asio::io_context& io) : timer(timer_type{io}) {
    // nop
  }

  void set(std::chrono::milliseconds time) {
    timer.set(*this, time, &clocked::ring);
  }

  void ring() { ++rings; }

  void set_again() { set(0ms); }

  lazy_timer<clocked> timer;
  int rings = 0;
};

struct timer_fixture {
  /// Runs what is due now.
  int rings() {
    io.restart();
    while (io.poll() > 0)
      ;
    return aut->rings;
  }

  boost::asio::io_context io;
  std::shared_ptr<clocked> aut = std::make_shared<clocked>(io);
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(lazy_timer_tests, timer_fixture)

CAF_TEST(a timer expires once) {
  aut->set(0ms);
  CAF_CHECK_EQUAL(rings(), 1);
  CAF_CHECK_EQUAL(rings(), 1);
  aut->set(0ms);
  CAF_CHECK_EQUAL(rings(), 2);
}

CAF_TEST(a timer that is set again waits for the new time alone) {
  aut->set(0ms);
  aut->set(1h);
  CAF_CHECK_EQUAL(rings(), 0);
  CAF_MESSAGE("which may be earlier than the old one");
  aut->set(0ms);
  CAF_CHECK_EQUAL(rings(), 1);
}

CAF_TEST(a timer that is cleared does not expire) {
  aut->set(0ms);
  aut->timer.clear();
  CAF_CHECK_EQUAL(rings(), 0);
  aut->set(0ms);
  CAF_CHECK_EQUAL(rings(), 1);
}

CAF_TEST(a timer can be set when it expires) {
  aut->timer.set(*aut, 0ms, &clocked::set_again);
  CAF_CHECK_EQUAL(rings(), 1);
}

CAF_TEST(a timer ends with its owner) {
  aut->set(0ms);
  aut = nullptr;
  io.poll();
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace lazy_timer_suite
