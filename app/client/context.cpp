#include "app/client/context.hpp"

#include <cstdlib>
#include <memory>

#include <sys/stat.h>

#include "app/options/cli.hpp"
#include "app/options/toml.hpp"

namespace waybill::app {

namespace {

/// Tells whether other users may read a file.
bool is_public(const std::filesystem::path& file) {
  struct stat found {};
  return stat(file.c_str(), &found) == 0
         && (found.st_mode & (S_IRGRP | S_IROTH)) != 0;
}

} // namespace

std::filesystem::path context_folder() {
  auto variable = [](const char* name) {
    auto text = std::getenv(name);
    return std::filesystem::path{text ? text : ""};
  };
  // The specification has relative paths ignored.
  if (auto config = variable("XDG_CONFIG_HOME"); config.is_absolute())
    return config / "waybill";
  auto home = variable("HOME");
  return home.empty() ? home : home / ".config" / "waybill";
}

std::variant<context, int> read_context(const std::filesystem::path& file) {
  context result;
  CLI::App parser;
  parser.set_config("--config");
  parser.allow_config_extras(CLI::config_extras_mode::error);
  parser.config_formatter(std::make_shared<toml_reader>(parser));
  add(parser, "--url", result.url, &node_url::parse, node_url_form, "", "");
  parser.add_option("--ca", result.ca);
  parser.add_option("--api-key", result.api_key);
  parser.add_option("--token", result.token);
  if (auto code = parse(parser, {"--config", file}))
    return *code;
  auto has_secret = !result.api_key.empty() || !result.token.empty();
  if (has_secret && is_public(file))
    return fail(2, file.string()
                     + " holds a secret that other users can read: run chmod "
                       "600 "
                     + file.string());
  return result;
}

} // namespace waybill::app
