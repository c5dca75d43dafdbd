#define CAF_SUITE health

#include "redis/health.hpp"
#include "redis/impairment.hpp"
#include "test/fixture.hpp"

namespace health_suite {

using namespace waybill;
using namespace waybill::redis;

namespace {

struct health_fixture {
  /// Makes all functions work.
  void make_ready(health& aut) {
    aut.on_link_up();
    aut.on_canary_reply("");
    aut.on_canary();
    aut.on_named();
    aut.on_check({});
  }

  health_fixture() { make_ready(aut); }

  health aut{false};
};

const auto all_works = bus_status{bus_state::ready, true, true};

bus_status away(const std::string& reason) {
  return {bus_state::away, false, false, reason};
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(health_tests, health_fixture)

CAF_TEST(is ready when the link the canary the name and the check are well) {
  health fresh{false};
  CAF_CHECK(fresh.status().state == bus_state::away);
  fresh.on_link_up();
  fresh.on_canary();
  fresh.on_named();
  CAF_CHECK(fresh.status().state == bus_state::away);
  fresh.on_check({});
  CAF_CHECK_EQUAL(fresh.status(), all_works);
  CAF_MESSAGE("and checks all but its name again after a lost link");
  fresh.on_link_down("cut");
  CAF_CHECK_EQUAL(fresh.status(), away("cut"));
  fresh.on_link_up();
  fresh.on_canary();
  CAF_CHECK(fresh.status().state == bus_state::away);
  fresh.on_check({});
  CAF_CHECK_EQUAL(fresh.status(), all_works);
}

CAF_TEST(a Redis that takes no commands is away) {
  for (std::string error : {"LOADING Redis is loading the dataset in memory",
                            "BUSY Redis is busy running a script.",
                            "MASTERDOWN Link with MASTER is down"}) {
    CAF_CHECK(impairment_of(error) == impairment::commands);
    aut.on_stopped(error);
    CAF_CHECK_EQUAL(aut.status(), away(error));
    aut.on_check({});
    CAF_CHECK_EQUAL(aut.status(), all_works);
  }
}

CAF_TEST(a Redis that keeps no pushes carries them) {
  aut.on_check({"", "OOM command not allowed", "OOM command not allowed"});
  CAF_CHECK_EQUAL(aut.status(), (bus_status{bus_state::ready, true, false,
                                            "OOM command not allowed"}));
  CAF_MESSAGE("and takes no sessions if each needs a claim");
  health claiming{true};
  make_ready(claiming);
  claiming.on_check({"", "", "NOPERM set"});
  CAF_CHECK_EQUAL(claiming.status(),
                  (bus_status{bus_state::ready, false, true, "NOPERM set"}));
}

CAF_TEST(where no mailbox can be read no session is let in) {
  aut.on_check({"NOPERM xrange", "", ""});
  CAF_CHECK_EQUAL(aut.status(),
                  (bus_status{bus_state::ready, false, true, "NOPERM xrange"}));
}

CAF_TEST(without rights to publish a Redis is away) {
  aut.on_canary_reply("NOPERM no channel");
  CAF_CHECK_EQUAL(aut.status(), away("NOPERM no channel"));
}

CAF_TEST(steps back for an older node of its name) {
  aut.on_rival("another");
  CAF_CHECK_EQUAL(aut.status(), away("another"));
  aut.on_rival("");
  CAF_CHECK_EQUAL(aut.status(), all_works);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace health_suite
