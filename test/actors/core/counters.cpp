#define CAF_SUITE counters

#include "actors/core/counters.hpp"

#include <caf/exit_reason.hpp>
#include <caf/make_message.hpp>
#include <caf/sec.hpp>

#include "test/fixture.hpp"

using namespace waybill;

namespace {

/// Returns the figures that are not 0.
waybill::counters grown(const waybill::counters& all) {
  waybill::counters result;
  for (auto& [name, value] : all)
    if (value != 0)
      result.emplace(name, value);
  return result;
}

constexpr close_code all_codes[] = {
  close_code::going_away,      close_code::protocol_error,
  close_code::bad_text,        close_code::policy_violation,
  close_code::too_big,         close_code::internal_error,
  close_code::try_again_later, close_code::token_expired,
  close_code::kicked,          close_code::replaced,
};

struct counters_fixture : test::fixture {
  waybill::counters aut = initial_counters();
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(counters_tests, counters_fixture)

CAF_TEST(a node shows its figures from the start) {
  CAF_CHECK(!aut.empty());
  CAF_CHECK_EQUAL(grown(aut), waybill::counters{});
}

CAF_TEST(each figure that is counted is shown from the start) {
  for (auto why : {errc::node_full, errc::id_full, errc::peer_full})
    CAF_CHECK_EQUAL(aut.count(counter_of(why)), 1u);
  for (auto code : all_codes)
    CAF_CHECK_EQUAL(aut.count(counter_of(code)), 1u);
  auto shown = aut.size();
  for (auto code : all_codes)
    count_cut_off(aut, code);
  for (auto why : {errc::failed, errc::dropped})
    count_end(aut, {why, uint64_t{1}});
  CAF_CHECK_EQUAL(aut.size(), shown);
}

CAF_TEST(each limit has a figure of its own) {
  CAF_CHECK_EQUAL(std::string{counter_of(errc::node_full)},
                  "over_max_sessions");
  CAF_CHECK_EQUAL(std::string{counter_of(errc::id_full)},
                  "over_max_sessions_per_id");
  CAF_CHECK_EQUAL(std::string{counter_of(errc::peer_full)},
                  "over_max_sessions_per_peer");
}

CAF_TEST(a session that the node ends is counted by its code) {
  CAF_CHECK_EQUAL(std::string{counter_of(close_code::replaced)},
                  "replaced_sessions");
  CAF_CHECK_EQUAL(std::string{counter_of(close_code::kicked)},
                  "kicked_sessions");
  CAF_CHECK_EQUAL(std::string{counter_of(close_code::try_again_later)},
                  "node_queue_closes");
  CAF_CHECK_EQUAL(std::string{counter_of(close_code::internal_error)},
                  "failed_sessions");
}

CAF_TEST(a client is slow or floods or is neither) {
  count_cut_off(aut, close_code::try_again_later);
  CAF_CHECK_EQUAL(grown(aut), (waybill::counters{{"slow_clients", 1}}));
  count_cut_off(aut, close_code::policy_violation);
  CAF_CHECK_EQUAL(grown(aut), (waybill::counters{{"flooding_clients", 1},
                                                 {"slow_clients", 1}}));
  for (auto code : all_codes)
    if (code != close_code::try_again_later
        && code != close_code::policy_violation)
      count_cut_off(aut, code);
  CAF_CHECK_EQUAL(grown(aut), (waybill::counters{{"flooding_clients", 1},
                                                 {"slow_clients", 1}}));
}

CAF_TEST(frames that a session leaves unwritten add up and are no failure) {
  for (auto why : {errc::too_slow, errc::too_fast, errc::dropped})
    CAF_CHECK(!count_end(aut, {why, uint64_t{3}}));
  CAF_CHECK(!count_end(aut, {errc::dropped, uint64_t{0}}));
  CAF_CHECK_EQUAL(grown(aut), (waybill::counters{{"dropped_frames", 9}}));
}

CAF_TEST(any other end is a failure of the node) {
  CAF_CHECK(count_end(aut, {errc::failed, std::string{"it is broken"}}));
  CAF_CHECK(count_end(aut, errc::bus_away));
  CAF_CHECK(count_end(aut, caf::sec::runtime_error));
  CAF_CHECK(count_end(aut, caf::exit_reason::kill));
  CAF_CHECK_EQUAL(grown(aut), (waybill::counters{{"failed_sessions", 4}}));
}

CAF_TEST_FIXTURE_SCOPE_END()
