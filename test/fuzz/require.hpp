#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace waybill::fuzz {

/// Ends the process unless `holds`, which is how a target reports a finding,
/// in builds without assertions as well.
inline void require(bool holds, const char* message) {
  if (holds)
    return;
  std::fprintf(stderr, "does not hold: %s\n", message);
  std::abort();
}

/// Turns what libFuzzer hands over into text.
inline std::string_view text_of(const uint8_t* data, size_t size) noexcept {
  return {reinterpret_cast<const char*>(data), size};
}

} // namespace waybill::fuzz

/// What each target defines, and libFuzzer or `replay.cpp` calls.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
