#include "redis/digest.hpp"

#include <openssl/sha.h>

namespace waybill::redis {

namespace {

template <size_t Size>
std::string digest(unsigned char* (*function)(const unsigned char*, size_t,
                                              unsigned char*),
                   std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  unsigned char out[Size];
  function(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
           out);
  std::string result;
  for (auto byte : out) {
    result += digits[byte >> 4];
    result += digits[byte & 15];
  }
  return result;
}

} // namespace

std::string sha1(std::string_view bytes) {
  return digest<SHA_DIGEST_LENGTH>(&SHA1, bytes);
}

std::string sha256(std::string_view bytes) {
  return digest<SHA256_DIGEST_LENGTH>(&SHA256, bytes);
}

} // namespace waybill::redis
