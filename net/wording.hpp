#pragma once

#include <cstdint>
#include <string>

namespace waybill::net {

/// Returns a number with its noun: `1 node`, `2 nodes`.
/// @param plural empty to add an `s`.
std::string count_of(uint64_t number, const std::string& noun,
                     const std::string& plural = "");

/// Returns a duration for people, in its largest unit: `7 s`, `3 min`.
/// @param seconds 0 or more.
std::string duration_of(double seconds);

} // namespace waybill::net
