// Fuzzes bodies and names: `is_utf8` must agree with another implementation.

#include <algorithm>

#include <nlohmann/json.hpp>

#include "actors/core/text.hpp"
#include "test/fuzz/require.hpp"

using namespace waybill;
using fuzz::require;

namespace {

bool is_utf8_for_json(std::string_view bytes) {
  try {
    nlohmann::json(bytes).dump();
    return true;
  } catch (const nlohmann::json::type_error&) {
    return false;
  }
}

bool has_control_character(std::string_view bytes) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    auto c = static_cast<uint8_t>(bytes[i]);
    auto next = static_cast<uint8_t>(i + 1 < bytes.size() ? bytes[i + 1] : 0);
    if (c < 0x20 || c == 0x7f || (c == 0xc2 && next < 0xa0))
      return true;
  }
  return false;
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto bytes = fuzz::text_of(data, size);
  auto expected = is_utf8_for_json(bytes);
  require(is_utf8(bytes) == expected, "UTF-8 is that of RFC 3629");
  require(is_name(bytes)
            == (expected && size >= 1 && size <= 256
                && !has_control_character(bytes)
                && bytes.find('/') == bytes.npos),
          "a name has no control characters and slashes");
  return 0;
}
