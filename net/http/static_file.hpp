#pragma once

#include <map>
#include <memory>
#include <string>

namespace waybill::net {

/// A file that is served as it is.
struct static_file {
  /// Its media type, without parameters.
  std::string type;

  /// What is in it, in UTF-8.
  std::string text;
};

/// Files by their names. They do not change, so that all event loops may share
/// them.
using static_files = std::shared_ptr<const std::map<std::string, static_file>>;

} // namespace waybill::net
