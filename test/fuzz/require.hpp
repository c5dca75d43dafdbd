#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace waybill::fuzz {

/// Aborts unless `holds`, which reports a finding to libFuzzer. Unlike
/// `assert`, also works in release builds.
inline void require(bool holds, const char* message) {
  if (holds)
    return;
  std::fprintf(stderr, "does not hold: %s\n", message);
  std::abort();
}

/// Converts libFuzzer's input to text.
inline std::string_view text_of(const uint8_t* data, size_t size) noexcept {
  return {reinterpret_cast<const char*>(data), size};
}

} // namespace waybill::fuzz

/// The entry point of each target, which libFuzzer or `replay.cpp` calls.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
