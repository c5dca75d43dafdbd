#pragma once

#include <CLI/CLI.hpp>

#include "app/options/options.hpp"

namespace waybill::app {

/// Adds the options of `waybill serve` to a parser, which stores their values
/// in `result`. `result` must outlive the parsing.
void declare_options(CLI::App& parser, options& result);

} // namespace waybill::app
