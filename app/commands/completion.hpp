#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace waybill::app {

/// Returns the completion for zsh, or for bash: a file of the packages that the
/// build embeds.
std::string_view completion_of(bool is_zsh);

/// Prints the completion for a shell: `waybill completion`.
/// @returns the exit code: 0, or 2 for invalid arguments.
int run_completion(std::vector<std::string> arguments);

} // namespace waybill::app
