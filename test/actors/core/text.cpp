#define CAF_SUITE text

#include "actors/core/text.hpp"

#include <string>

#include <caf/test/unit_test.hpp>

namespace text_suite {

using namespace waybill;

CAF_TEST(UTF - 8 is what RFC 3629 allows) {
  for (auto good : {"", "abc", "\x7f", "\xc2\x80", "连接成功!", "\xed\x9f\xbf",
                    "\xee\x80\x80", "\xf4\x8f\xbf\xbf"})
    CAF_CHECK(is_utf8(good));
  for (auto bad : {"\x80", "\xff", "\xc3", "\xc0\x80", "\xc1\xbf",
                   "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                   "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "a\xe2\x82"})
    CAF_CHECK(!is_utf8(bad));
}

CAF_TEST(invalid UTF - 8 is found anywhere in ASCII) {
  for (size_t size = 1; size <= 40; ++size)
    for (size_t i = 0; i < size; ++i) {
      std::string text(size, 'x');
      CAF_REQUIRE(is_utf8(text));
      text[i] = '\xe8';
      CAF_REQUIRE(!is_utf8(text));
      text.replace(i, 1, "连");
      CAF_REQUIRE(is_utf8(text));
    }
}

CAF_TEST(a name has 1 to 256 bytes without control characters and slashes) {
  for (auto good : {"456", "a b", "连接", ".", "..", "a:b*?", "\xc2\xa0"})
    CAF_CHECK(is_name(good));
  CAF_CHECK(is_name(std::string(256, 'x')));
  for (auto bad : {"", "a/b", "a\nb", "\x7f", "\xc2\x80", "\xc2\x9f", "\xff"})
    CAF_CHECK(!is_name(bad));
  CAF_CHECK(!is_name(std::string(257, 'x')));
  CAF_CHECK(!is_name(std::string_view{"a\0b", 3}));
}

CAF_TEST(a reason has 1 to 100 bytes without control characters) {
  CAF_CHECK(is_reason("off/you go"));
  CAF_CHECK(is_reason(std::string(100, 'x')));
  for (auto bad : {"", "a\nb", "\x7f", "\xff"})
    CAF_CHECK(!is_reason(bad));
  CAF_CHECK(!is_reason(std::string(101, 'x')));
}

CAF_TEST(lone surrogates become U + FFFD) {
  CAF_CHECK_EQUAL(mend_surrogates(R"("hi \ud83d")"), R"("hi \ufffd")");
  CAF_CHECK_EQUAL(mend_surrogates(R"("\uDE00\uD83D")"), R"("\ufffd\ufffd")");
  CAF_CHECK_EQUAL(mend_surrogates(R"("\ud83d\ud83d\ude00")"),
                  R"("\ufffd\ud83d\ude00")");
  CAF_CHECK_EQUAL(mend_surrogates(R"("\ud83dx\u0041")"), R"("\ufffdx\u0041")");
  CAF_MESSAGE("all else is unchanged");
  for (auto json : {R"("\ud83d\ude00")", R"("\\ud83d")", R"("\"\u0041\n")",
                    R"("\\\\ud83d")", R"("\u12")", R"("\u+123")", R"(\)", ""})
    CAF_CHECK_EQUAL(mend_surrogates(json), json);
}

} // namespace text_suite
