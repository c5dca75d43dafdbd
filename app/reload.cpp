#include "app/reload.hpp"

#include <spdlog/spdlog.h>

namespace waybill::app {

void reload(const reloadables& all) {
  if (all.empty())
    spdlog::info("there is nothing to read again");
  for (auto& [name, read] : all) {
    if (auto wrong = read())
      spdlog::error("{}: the old stays, since {}", name,
                    wrong.context().get_as<std::string>(0));
    else
      spdlog::info("{}: read again", name);
  }
}

} // namespace waybill::app
