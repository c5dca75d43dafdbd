#pragma once

#include <functional>
#include <string>
#include <vector>

#include <caf/error.hpp>

namespace waybill::app {

/// Something that a node reads again while it runs.
struct reloadable {
  /// What it is called in the log.
  std::string name;

  /// Reads it. If that returns an error, what was read before stays.
  std::function<caf::error()> read;
};

using reloadables = std::vector<reloadable>;

/// Reads all of it, and logs what became of it.
void reload(const reloadables& all);

} // namespace waybill::app
