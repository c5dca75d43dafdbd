#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace waybill::redis {

/// Number of hash slots of a Redis Cluster.
constexpr size_t slot_count = 16384;

/// A set of hash slots.
using slot_set = std::bitset<slot_count>;

/// Returns the hash slot of a key or a sharded channel: CRC16 of its hash tag,
/// the text between the first `{` and the next `}`, or of the whole key if that
/// text is empty or missing (Redis Cluster Specification, "Key distribution
/// model" and "Hash tags").
uint16_t key_slot(std::string_view key) noexcept;

} // namespace waybill::redis
