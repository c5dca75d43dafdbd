#include "redis/pack.hpp"

namespace waybill::redis {

std::string pack(const nlohmann::json& message) {
  std::string result;
  nlohmann::json::to_msgpack(message, result);
  return result;
}

} // namespace waybill::redis
