#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <variant>

#include "app/client/node_access.hpp"

namespace waybill::app {

/// A node, or a cluster behind one address, with the credentials for it: a file
/// `NAME.toml` in the user's folder of contexts.
struct context {
  node_url url{false, "127.0.0.1", "8080"};
  std::string ca;
  std::string api_key;
  std::string token;
};

/// Returns the folder of contexts: `$XDG_CONFIG_HOME/waybill`, by default
/// `~/.config/waybill` (XDG Base Directory Specification); empty if neither
/// variable is set.
std::filesystem::path context_folder();

/// Reads the file of a context. Prints an error if it cannot be read, is
/// invalid, or holds a secret that other users may read.
/// @returns the context, or the exit code on failure.
std::variant<context, int> read_context(const std::filesystem::path& file);

} // namespace waybill::app
