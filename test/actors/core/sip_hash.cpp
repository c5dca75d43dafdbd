#define CAF_SUITE sip_hash

#include "actors/core/sip_hash.hpp"

#include "test/fixture.hpp"

namespace sip_hash_suite {

using namespace waybill;

namespace {

/// The key of the published test vectors: the bytes 0 to 15.
constexpr sip_key key{0x0706050403020100, 0x0f0e0d0c0b0a0908};

/// Returns the hash of the bytes 0 to `size - 1`.
uint64_t hash_of(size_t size) {
  std::string text;
  for (size_t i = 0; i < size; ++i)
    text.push_back(static_cast<char>(i));
  return sip_hash(key, text);
}

} // namespace

CAF_TEST(the hash is that of the published test vectors) {
  CAF_CHECK_EQUAL(hash_of(0), 0x726fdb47dd0e0e31u);
  CAF_CHECK_EQUAL(hash_of(1), 0x74f839c593dc67fdu);
  CAF_CHECK_EQUAL(hash_of(7), 0xab0200f58b01d137u);
  CAF_CHECK_EQUAL(hash_of(8), 0x93f5f5799a932462u);
  CAF_CHECK_EQUAL(hash_of(15), 0xa129ca6149be45e5u);
}

CAF_TEST(bytes above 127 are not negative) {
  CAF_CHECK_NOT_EQUAL(sip_hash(key, "\xff"), sip_hash(key, "\xff\xff"));
  CAF_CHECK_NOT_EQUAL(sip_hash(key, "\x80"), sip_hash(key, "\xff"));
}

CAF_TEST(the hash depends on the key) {
  CAF_CHECK_NOT_EQUAL(sip_hash({1, 2}, "456"), sip_hash({1, 3}, "456"));
  CAF_CHECK_NOT_EQUAL(sip_hash({1, 2}, "456"), sip_hash({3, 2}, "456"));
  CAF_CHECK_NOT_EQUAL(make_sip_key(), make_sip_key());
}

} // namespace sip_hash_suite
