#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace waybill {

/// Key of a hash, chosen at random.
using sip_key = std::array<uint64_t, 2>;

/// Returns a key of the system's random numbers.
sip_key make_sip_key();

/// Returns the hash SipHash-2-4 of a text, by Aumasson and Bernstein. Without
/// the key, nobody can choose texts whose hashes are equal.
uint64_t sip_hash(const sip_key& key, std::string_view text) noexcept;

} // namespace waybill
