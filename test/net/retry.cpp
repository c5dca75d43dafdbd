#define CAF_SUITE retry

#include "net/retry.hpp"

#include <regex>

#include <caf/test/dsl.hpp>

namespace retry_suite {

using namespace waybill;
using namespace waybill::net;
using namespace std::chrono_literals;

CAF_TEST(a time by chance is from one to three seconds) {
  for (int i = 0; i < 100; ++i) {
    auto retry = spread_retry();
    CAF_CHECK(retry >= 1s && retry <= 3s);
  }
}

CAF_TEST(a session that ends tells its time or one by chance) {
  CAF_CHECK(retry_of({close_code::going_away, "", 7300ms}) == 7300ms);
  auto retry = retry_of({close_code::kicked, ""});
  CAF_CHECK(retry >= 1s && retry <= 3s);
}

CAF_TEST(close frames of a node that stops end with the time) {
  CAF_CHECK_EQUAL(close_text({close_code::going_away, "stopping", 7300ms}),
                  "stopping; retry=7.3");
}

CAF_TEST(close frames to slow clients end with a time by chance) {
  auto text = close_text({close_code::try_again_later, "too slow"});
  CAF_CHECK(std::regex_match(text, std::regex{"too slow; retry=[1-3]\\.\\d"}));
}

CAF_TEST(other close frames have no time) {
  for (auto code : {close_code::kicked, close_code::token_expired,
                    close_code::policy_violation})
    CAF_CHECK_EQUAL(close_text({code, "text", 7300ms}), "text");
}

} // namespace retry_suite
