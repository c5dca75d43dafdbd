#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace waybill::redis {

/// Writes a message as MessagePack: all that goes to other nodes, and all that
/// is kept for them in Redis.
/// @param message is a map, whose members stand in the order of their names.
std::string pack(const nlohmann::json& message);

} // namespace waybill::redis
