#pragma once

#include <istream>
#include <optional>
#include <string>

namespace waybill::app {

/// Reads a stream to its end.
/// @returns nothing if that fails, or if the end does not come within 1 GiB.
std::optional<std::string> read_to_end(std::istream& in);

/// Reads a file to its end, see `read_to_end`.
std::optional<std::string> read_file(const std::string& name);

} // namespace waybill::app
