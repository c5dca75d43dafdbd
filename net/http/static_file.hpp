#pragma once

#include <map>
#include <memory>
#include <string>

namespace waybill::net {

/// A file that is served verbatim.
struct static_file {
  /// Its media type, without parameters.
  std::string type;

  /// Its content, in UTF-8.
  std::string text;
};

/// Maps names to files. Immutable, so that all event loops can share it.
using static_files = std::shared_ptr<const std::map<std::string, static_file>>;

} // namespace waybill::net
