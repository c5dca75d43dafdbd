#pragma once

#include <cstddef>
#include <istream>
#include <optional>
#include <string>

namespace waybill::app {

/// Size limit for files of options, keys or certificates, in bytes.
constexpr size_t longest_file = 64 << 20;

/// Reads a stream to its end.
/// @returns nothing if that fails or exceeds `longest` bytes.
std::optional<std::string> read_to_end(std::istream& in,
                                       size_t longest = longest_file);

/// Reads a file to its end; see `read_to_end`.
std::optional<std::string> read_file(const std::string& name,
                                     size_t longest = longest_file);

/// Returns the reason for which a file could not be read.
std::string read_failure(const std::string& name);

} // namespace waybill::app
