#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace waybill::redis {

/// Encodes a message to other nodes, or a value for Redis, as MessagePack.
/// @param message is a map; its members are written in the order of their
/// names.
std::string pack(const nlohmann::json& message);

} // namespace waybill::redis
