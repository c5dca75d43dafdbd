#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include "actors/core/node_metrics.hpp"

namespace waybill::net {

/// The resource usage of a process.
struct usage {
  double cpu_seconds = 0;
  double memory_bytes = 0;
};

/// Returns the usage of a process of this machine (proc(5)); zeros if it does
/// not exist.
usage usage_of(size_t process);

/// Returns counters of this process for `/stats`: `uptime_seconds`,
/// `cpu_milliseconds`, `resident_bytes`, `open_descriptors` and
/// `max_descriptors`. Omits those that cannot be read.
/// @param began when it started.
counters process_counters(std::chrono::system_clock::time_point began);

/// Counts the open file descriptors of this process.
/// @returns nothing if no descriptor is left to read the directory with.
std::optional<size_t> count_descriptors();

/// Returns the limit of file descriptors of this process (getrlimit(2)).
size_t max_descriptors();

} // namespace waybill::net
