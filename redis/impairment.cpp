#include "redis/impairment.hpp"

#include <utility>

namespace waybill::redis {

impairment impairment_of(std::string_view error) noexcept {
  constexpr std::pair<std::string_view, impairment> beginnings[] = {
    {"OOM ", impairment::function},
    {"MISCONF ", impairment::function},
    {"NOREPLICAS ", impairment::function},
    {"NOPERM ", impairment::function},
    {"ERR The user executing the script can't", impairment::function},
    {"LOADING ", impairment::commands},
    {"BUSY ", impairment::commands},
    {"MASTERDOWN ", impairment::commands},
    {"CLUSTERDOWN ", impairment::commands},
    {"TRYAGAIN ", impairment::commands},
    {"NOAUTH ", impairment::commands},
    {"READONLY ", impairment::server},
  };
  // Redis 6 puts the location before an error within a script.
  if (error.starts_with("ERR Error running script"))
    if (auto inner = error.find(": -"); inner != error.npos)
      error.remove_prefix(inner + 3);
  for (auto& [beginning, result] : beginnings)
    if (error.starts_with(beginning))
      return result;
  return impairment::none;
}

} // namespace waybill::redis
