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

constexpr auto text = payload::format::text;

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

CAF_TEST(tells text from binary) {
  CAF_CHECK_EQUAL(bytes_of({text, 1}), "\x81\x01"sv);
  CAF_CHECK_EQUAL(bytes_of({payload::format::binary, 1}), "\x82\x01"sv);
}

CAF_TEST(reads what a frame begins with) {
  CAF_CHECK(is_data("\x81\x01"));
  CAF_CHECK(is_final("\x81\x01"));
  CAF_CHECK(is_data("\xc1\x01"));
  CAF_CHECK(is_data("\x01\x01"));
  CAF_CHECK(!is_final("\x01\x01"));
  CAF_CHECK(is_data("\x80\x01"));
  CAF_CHECK(!is_data("\x88\x02"));
  CAF_CHECK(!is_data("\x8a\x02"));
  CAF_CHECK_EQUAL(close_code_of("\x88\x02\x03\xef"), close_code::bad_text);
}

} // namespace frame_head_suite
