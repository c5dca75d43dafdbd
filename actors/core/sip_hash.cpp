#include "actors/core/sip_hash.hpp"

#include <bit>
#include <random>

namespace waybill {

namespace {

/// Reads up to eight bytes, the least significant first.
uint64_t read_word(std::string_view bytes) noexcept {
  uint64_t result = 0;
  for (size_t i = 0; i < bytes.size(); ++i)
    result |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  return result;
}

/// State of the hash, with the names of its specification.
struct sip_state {
  uint64_t v0, v1, v2, v3;

  void round() noexcept {
    v0 += v1;
    v2 += v3;
    v1 = std::rotl(v1, 13) ^ v0;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 = std::rotl(v0, 32);
    v2 += v1;
    v0 += v3;
    v1 = std::rotl(v1, 17) ^ v2;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 = std::rotl(v2, 32);
  }

  void add(uint64_t word) noexcept {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
};

} // namespace

sip_key make_sip_key() {
  std::random_device random;
  std::uniform_int_distribution<uint64_t> word;
  return {word(random), word(random)};
}

uint64_t sip_hash(const sip_key& key, std::string_view text) noexcept {
  sip_state state{key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
                  key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573};
  auto size = uint64_t{text.size()};
  for (; text.size() >= 8; text.remove_prefix(8))
    state.add(read_word(text.substr(0, 8)));
  state.add(read_word(text) | size << 56);
  state.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i)
    state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

} // namespace waybill
