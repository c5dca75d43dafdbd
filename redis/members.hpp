#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "actors/core/outcome.hpp"
#include "redis/sax_handler.hpp"

namespace waybill::redis {

// Members of a map of MessagePack, each of which may be missing or of another
// type.

/// Maximum nesting of a message: this release needs 5, a newer one may need
/// more, and the parser recurses.
constexpr size_t deepest = 64;

/// Parses MessagePack; returns null for anything else.
json unpack(std::string_view bytes);

std::string text_in(const json& map, const char* name);

/// Returns the texts in a list.
std::vector<std::string> texts_in(const json& map, const char* name);

uint64_t number_in(const json& map, const char* name);

int64_t integer_in(const json& map, const char* name);

bool flag_in(const json& map, const char* name);

/// Returns a map or list in a map, or null.
const json& part_in(const json& map, const char* name);

/// Converts the `"ttl"` or another time of a message, in milliseconds: a longer
/// one than the maximum counts as that.
std::chrono::milliseconds to_ttl(uint64_t value);

/// Adds a member for each count that is not 0.
void add_counts(json& map, const delivery_counts& counts);

delivery_counts counts_in(const json& map);

} // namespace waybill::redis
