#pragma once

#include <cstddef>
#include <optional>

namespace waybill::net {

/// What a process has used.
struct usage {
  double cpu_seconds = 0;
  double memory_bytes = 0;
};

/// Reads what a process of this machine has used (proc(5)); zeros if there is
/// none.
usage usage_of(size_t process);

/// Counts the file descriptors of this process.
/// @returns nothing if none is left to look with.
std::optional<size_t> count_descriptors();

/// Returns how many file descriptors this process may have (getrlimit(2)).
size_t max_descriptors();

} // namespace waybill::net
