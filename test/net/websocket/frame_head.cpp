#define CAF_SUITE frame_head

#include "net/websocket/frame_head.hpp"

#include "test/fixture.hpp"

namespace frame_head_suite {

using namespace waybill;
using namespace waybill::net;
using namespace std::string_view_literals;

namespace {

std::string bytes_of(const frame_head& head) {
  return std::string{head.bytes()};
}

constexpr auto text = frame_opcode::text;

} // namespace

CAF_TEST(has the shortest length that fits) {
  CAF_CHECK_EQUAL(bytes_of({text, 0}), "\x81\0"sv);
  CAF_CHECK_EQUAL(bytes_of({text, 125}), "\x81\x7d"sv);
  CAF_CHECK_EQUAL(bytes_of({text, 126}), "\x81\x7e\0\x7e"sv);
  CAF_CHECK_EQUAL(bytes_of({text, 65'535}), "\x81\x7e\xff\xff"sv);
  CAF_CHECK_EQUAL(bytes_of({text, 65'536}), "\x81\x7f\0\0\0\0\0\x01\0\0"sv);
  CAF_CHECK_EQUAL(bytes_of({text, 0x0102030405060708}),
                  "\x81\x7f\x01\x02\x03\x04\x05\x06\x07\x08"sv);
}

CAF_TEST(has the opcode and the bit for compression) {
  CAF_CHECK_EQUAL(bytes_of({frame_opcode::pong, 1}), "\x8a\x01"sv);
  CAF_CHECK_EQUAL(bytes_of({frame_opcode::binary, 1, true}), "\xc2\x01"sv);
  CAF_CHECK_EQUAL(bytes_of(head_of(make_text("a"))), "\x81\x01"sv);
  CAF_CHECK_EQUAL(bytes_of(head_of({payload::format::binary, "a"}, true)),
                  "\xc2\x01"sv);
}

CAF_TEST(begins control frames) {
  CAF_CHECK_EQUAL(control_frame(frame_opcode::ping, ""), "\x89\0"sv);
  CAF_CHECK_EQUAL(control_frame(frame_opcode::pong, "abc"), "\x8a\x03"
                                                            "abc"sv);
  CAF_CHECK_EQUAL(close_frame(1001), "\x88\x02\x03\xe9"sv);
  CAF_CHECK_EQUAL(close_frame(4500, "bye"), "\x88\x05\x11\x94"
                                            "bye"sv);
}

} // namespace frame_head_suite
