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
  /// @param parser has the options that the keys of the file set.
  explicit toml_reader(CLI::App& parser) : parser_(parser) {
    // nop
  }

  /// @throws CLI::ConfigError with all errors of the file, each on a line of
  /// its
  ///         own that begins with the file and the line of the error.
  std::vector<CLI::ConfigItem> from_config(std::istream& in) const override;

  /// Returns an empty text: files are only read.
  std::string to_config(const CLI::App*, bool, bool,
                        std::string) const override;

private:
  CLI::App& parser_;
};

} // namespace waybill::app
