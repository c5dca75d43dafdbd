#include "net/quote.hpp"

#include <nlohmann/json.hpp>

namespace waybill::net {

std::string quote(std::string_view text) {
  using json = nlohmann::json;
  return json{text}[0].dump(-1, ' ', true, json::error_handler_t::replace);
}

} // namespace waybill::net
