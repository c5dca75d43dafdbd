#define CAF_SUITE histogram

#include "actors/core/histogram.hpp"

#include "test/fixture.hpp"

namespace histogram_suite {

using namespace waybill;
using namespace std::chrono_literals;

namespace {

/// Returns the numbers of durations in the buckets.
std::vector<uint64_t> buckets_of(const waybill::histogram& x) {
  std::vector<uint64_t> result;
  for (size_t i = 0; i < waybill::histogram::bounds.size(); ++i)
    result.push_back(x.bucket(i));
  return result;
}

struct histogram_fixture : test::fixture {
  waybill::histogram aut;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(histogram_tests, histogram_fixture)

CAF_TEST(is empty at first) {
  CAF_CHECK_EQUAL(aut.count(), 0u);
  CAF_CHECK_EQUAL(aut.microseconds(), 0u);
  CAF_CHECK_EQUAL(buckets_of(aut), std::vector<uint64_t>(12));
}

CAF_TEST(a duration is in the first bucket that has room for it) {
  for (auto time : {0us, 1000us, 1001us, 2000us, 2001us, 5000000us})
    aut.add(time);
  CAF_CHECK_EQUAL(buckets_of(aut),
                  (std::vector<uint64_t>{2, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1}));
}

CAF_TEST(a duration past the last bound is in no bucket) {
  aut.add(5s + 1us);
  CAF_CHECK_EQUAL(buckets_of(aut), std::vector<uint64_t>(12));
  CAF_CHECK_EQUAL(aut.count(), 1u);
  CAF_CHECK_EQUAL(aut.microseconds(), 5'000'001u);
}

CAF_TEST(a part of a microsecond is ignored) {
  aut.add(1000us + 999ns);
  CAF_CHECK_EQUAL(aut.microseconds(), 1000u);
  CAF_CHECK_EQUAL(aut.bucket(0), 1u);
}

CAF_TEST(histograms add up) {
  aut.add(1ms);
  aut.add(10s);
  auto other = aut;
  other.add(2ms);
  aut += other;
  CAF_CHECK_EQUAL(aut.count(), 5u);
  CAF_CHECK_EQUAL(aut.microseconds(), 20'004'000u);
  CAF_CHECK_EQUAL(buckets_of(aut),
                  (std::vector<uint64_t>{2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace histogram_suite
