#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace waybill::app {

/// Makes uncaught exceptions end the process with one line and exit code 1
/// until `end_start`: the machine lacks threads, memory or descriptors.
void begin_start();

/// Makes uncaught exceptions abort the process again, since they are bugs now.
void end_start();

/// Checks that enough descriptors are free for Redis servers, timers, signals
/// and a few connections.
/// @returns an error message, or nothing on success.
std::optional<std::string> check_descriptors(size_t redis_servers);

} // namespace waybill::app
