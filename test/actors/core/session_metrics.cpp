#define CAF_SUITE session_metrics

#include "actors/core/session_metrics.hpp"

#include <caf/exit_reason.hpp>
#include <caf/make_message.hpp>
#include <caf/sec.hpp>

#include "test/fixture.hpp"

namespace session_metrics_suite {

using namespace waybill;

namespace {

constexpr close_code all_codes[] = {
  close_code::going_away,      close_code::protocol_error,
  close_code::bad_text,        close_code::policy_violation,
  close_code::too_big,         close_code::internal_error,
  close_code::try_again_later, close_code::token_expired,
  close_code::kicked,          close_code::replaced,
};

struct session_metrics_fixture : test::fixture {
  metrics aut;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(session_metrics_tests, session_metrics_fixture)

CAF_TEST(each limit has a metric of its own) {
  CAF_CHECK(counter_of(errc::node_full) == metric::over_max_sessions);
  CAF_CHECK(counter_of(errc::id_full) == metric::over_max_sessions_per_id);
  CAF_CHECK(counter_of(errc::peer_full) == metric::over_max_sessions_per_peer);
}

CAF_TEST(a session that the node ends is counted by its code) {
  CAF_CHECK(counter_of(close_code::replaced) == metric::replaced_sessions);
  CAF_CHECK(counter_of(close_code::kicked) == metric::kicked_sessions);
  CAF_CHECK(counter_of(close_code::try_again_later)
            == metric::node_queue_closes);
  CAF_CHECK(counter_of(close_code::internal_error) == metric::failed_sessions);
}

CAF_TEST(a client is slow or floods or is neither) {
  count_cut_off(aut, close_code::try_again_later);
  CAF_CHECK_EQUAL(to_counters(aut), (waybill::counters{{"slow_clients", 1}}));
  count_cut_off(aut, close_code::policy_violation);
  CAF_CHECK_EQUAL(to_counters(aut), (waybill::counters{{"flooding_clients", 1},
                                                       {"slow_clients", 1}}));
  for (auto code : all_codes)
    if (code != close_code::try_again_later
        && code != close_code::policy_violation)
      count_cut_off(aut, code);
  CAF_CHECK_EQUAL(to_counters(aut), (waybill::counters{{"flooding_clients", 1},
                                                       {"slow_clients", 1}}));
}

CAF_TEST(frames that a session leaves unwritten add up and are no failure) {
  for (auto why : {errc::too_slow, errc::too_fast, errc::dropped})
    CAF_CHECK(!count_end(aut, {why, uint64_t{3}}));
  CAF_CHECK(!count_end(aut, {errc::dropped, uint64_t{0}}));
  CAF_CHECK_EQUAL(to_counters(aut), (waybill::counters{{"dropped_frames", 9}}));
}

CAF_TEST(any other end is a failure of the node) {
  CAF_CHECK(count_end(aut, {errc::failed, std::string{"it is broken"}}));
  CAF_CHECK(count_end(aut, errc::bus_away));
  CAF_CHECK(count_end(aut, caf::sec::runtime_error));
  CAF_CHECK(count_end(aut, caf::exit_reason::kill));
  CAF_CHECK_EQUAL(to_counters(aut),
                  (waybill::counters{{"failed_sessions", 4}}));
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace session_metrics_suite
