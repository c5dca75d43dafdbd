#define CAF_SUITE frame_rate_limiter

#include "net/websocket/frame_rate_limiter.hpp"

#include "test/fixture.hpp"

namespace frame_rate_limiter_suite {

using namespace waybill;
using namespace waybill::net;
using namespace std::chrono_literals;

namespace {

constexpr auto limits = client_rates{{1, 10}, {1000, 1'000'000}};
const auto begin = token_bucket::time_point{} + 1h;

/// Builds a frame as a client sends it.
std::string frame_of(size_t size, int opcode = 1) {
  std::string result{static_cast<char>(0x80 | opcode)};
  if (size < 126) {
    result += static_cast<char>(0x80 | size);
  } else if (size < 0x10000) {
    result += '\xfe';
    result += static_cast<char>(size >> 8);
    result += static_cast<char>(size);
  } else {
    result += '\xff';
    for (int shift = 56; shift >= 0; shift -= 8)
      result += static_cast<char>(size >> shift);
  }
  return result + std::string(4 + size, 'x');
}

/// Sends ten frames of all kinds, in pieces.
/// @returns whether all were accepted.
bool send_all(frame_rate_limiter& aut, size_t piece) {
  std::string all;
  for (size_t size : {0, 1, 125, 126, 65'535, 65'536})
    all += frame_of(size);
  for (auto opcode : {0, 2, 9, 10})
    all += frame_of(0, opcode);
  for (size_t i = 0; i < all.size(); i += piece)
    if (!aut.take(limits, std::string_view{all}.substr(i, piece), begin))
      return false;
  return true;
}

} // namespace

CAF_TEST(counts frames independent of their segmentation) {
  for (size_t piece : {1, 2, 3, 7, 1000, 100'000}) {
    frame_rate_limiter aut;
    CAF_CHECK(send_all(aut, piece));
    CAF_CHECK(!aut.take(limits, frame_of(0), begin));
  }
}

CAF_TEST(limits the frames per second) {
  frame_rate_limiter aut;
  for (int i = 0; i < 10; ++i)
    CAF_CHECK(aut.take(limits, frame_of(1), begin));
  for (int second = 1; second < 10; ++second)
    CAF_CHECK(aut.take(limits, frame_of(1), begin + second * 1s));
  CAF_CHECK(!aut.take(limits, frame_of(1), begin + 9s));
}

CAF_TEST(counts the headers of frames besides their content) {
  frame_rate_limiter aut;
  const client_rates few{{1000, 1000}, {10, 60}};
  for (int i = 0; i < 10; ++i)
    CAF_CHECK(aut.take(few, frame_of(0), begin));
  CAF_CHECK(!aut.take(few, frame_of(0), begin));
}

CAF_TEST(does not count refunded frames) {
  frame_rate_limiter aut;
  for (int i = 0; i < 100; ++i) {
    CAF_CHECK(aut.take(limits, frame_of(1, 10), begin));
    aut.refund();
  }
}

} // namespace frame_rate_limiter_suite
