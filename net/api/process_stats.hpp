#pragma once

#include <cstddef>
#include <optional>

namespace waybill::net {

/// The resource usage of a process.
struct usage {
  double cpu_seconds = 0;
  double memory_bytes = 0;
};

/// Returns the usage of a process of this machine (proc(5)); zeros if it does
/// not exist.
usage usage_of(size_t process);

/// Counts the open file descriptors of this process.
/// @returns nothing if no descriptor is left to read the directory with.
std::optional<size_t> count_descriptors();

/// Returns the limit of file descriptors of this process (getrlimit(2)).
size_t max_descriptors();

} // namespace waybill::net
