#define CAF_SUITE log_gate

#include "actors/core/log_gate.hpp"

#include "test/fixture.hpp"

namespace log_gate_suite {

using namespace waybill;
using namespace std::chrono_literals;

namespace {

const auto begin = log_gate::time_point{} + 1h;

} // namespace

CAF_TEST(passes one line per kind and second) {
  log_gate aut;
  CAF_CHECK(aut.take("bad_origin", begin) == "");
  CAF_CHECK(aut.take("bad_origin", begin + 999ms) == std::nullopt);
  CAF_CHECK(aut.take("bad_origin", begin + 1s) == " (and 1 more)");
  CAF_CHECK(aut.take("bad_origin", begin + 2s) == "");
}

CAF_TEST(passes one line per interval of the caller) {
  log_gate aut;
  CAF_CHECK(aut.take("clash", begin, 60s) == "");
  CAF_CHECK(aut.take("clash", begin + 59s, 60s) == std::nullopt);
  CAF_CHECK(aut.take("clash", begin + 60s, 60s) == " (and 1 more)");
}

CAF_TEST(reports the suppressed lines with the next line) {
  log_gate aut;
  for (int i = 0; i < 42; ++i)
    aut.take("bad_origin", begin);
  CAF_CHECK(aut.take("bad_origin", begin + 1h) == " (and 41 more)");
  CAF_CHECK(aut.take("bad_origin", begin + 2h) == "");
}

CAF_TEST(keeps kinds apart) {
  log_gate aut;
  CAF_CHECK(aut.take("bad_origin", begin) == "");
  CAF_CHECK(aut.take("bad_token", begin) == "");
  CAF_CHECK(aut.take("bad_origin", begin) == std::nullopt);
  CAF_CHECK(aut.take("bad_token", begin + 1s) == "");
}

} // namespace log_gate_suite
