#define CAF_SUITE base64

#include "net/base64.hpp"

#include <caf/test/dsl.hpp>

namespace base64_suite {

using namespace std::string_view_literals;
using waybill::net::to_base64;

CAF_TEST(bytes are padded to groups of four digits) {
  // RFC 4648, section 10.
  for (auto [bytes, digits] : {std::pair{"", ""},
                               {"f", "Zg=="},
                               {"fo", "Zm8="},
                               {"foo", "Zm9v"},
                               {"foob", "Zm9vYg=="}})
    CAF_CHECK_EQUAL(to_base64(bytes), digits);
  CAF_CHECK_EQUAL(to_base64("\0\xff\xfe"sv), "AP/+");
}

} // namespace base64_suite
