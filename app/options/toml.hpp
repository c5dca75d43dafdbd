#pragma once

#include <istream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace waybill::app {

/// Reads the file of `--config` for CLI11: TOML 1.0 (https://toml.io), of which
/// it takes keys with texts, whole numbers, booleans, and arrays of these.
class toml_reader : public CLI::Config {
public:
  /// @throws CLI::ConfigError that says what is wrong in which line.
  std::vector<CLI::ConfigItem> from_config(std::istream& in) const override;

  /// Nothing is written by it.
  std::string to_config(const CLI::App*, bool, bool,
                        std::string) const override;
};

} // namespace waybill::app
