#pragma once

#include <istream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace waybill::app {

/// Parses the file of `--config` for CLI11: TOML 1.0 (https://toml.io) whose
/// values are strings, integers, booleans or arrays of these.
class toml_reader : public CLI::Config {
public:
  /// @throws CLI::ConfigError with the line of the error.
  std::vector<CLI::ConfigItem> from_config(std::istream& in) const override;

  /// Returns an empty text: files are only read.
  std::string to_config(const CLI::App*, bool, bool,
                        std::string) const override;
};

} // namespace waybill::app
