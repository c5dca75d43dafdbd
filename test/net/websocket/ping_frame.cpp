#define CAF_SUITE ping_frame

#include "net/websocket/ping_frame.hpp"

#include <limits>

#include "test/fixture.hpp"

namespace ping_frame_suite {

using waybill::net::ping_frame;

namespace {

std::string text_of(const ping_frame& frame) {
  return std::string{frame.bytes()};
}

constexpr auto largest = std::numeric_limits<uint64_t>::max();

} // namespace

CAF_TEST(carries a number) {
  CAF_CHECK_EQUAL(text_of(ping_frame{7}), "\x89\x01" + std::to_string(7));
  CAF_CHECK_EQUAL(text_of(ping_frame{456}), "\x89\x03" + std::to_string(456));
  CAF_CHECK_EQUAL(text_of(ping_frame{largest}),
                  "\x89\x14" + std::to_string(largest));
}

CAF_TEST(is empty without a number) {
  CAF_CHECK_EQUAL(text_of(ping_frame{}), "");
}

} // namespace ping_frame_suite
