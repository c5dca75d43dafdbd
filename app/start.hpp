#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace waybill::app {

/// Has whatever fails from now on end the process with one line and exit code
/// 1, as long as `end_start` has not been called: threads, memory or
/// descriptors that the machine does not give.
void begin_start();

/// Has failures abort the process again, as they are faults of ours.
void end_start();

/// Checks that the process may open more files: those of its Redis servers, its
/// clocks and signals, and a few connections.
/// @returns what is to be done about it if it may not.
std::optional<std::string> check_descriptors(size_t redis_servers);

} // namespace waybill::app
